"""The work of the pipeline's nodes, a file each. Every stage skips what its marker proves, so all can be run again."""
