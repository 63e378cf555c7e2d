"""The commented litelong.yaml that `litelong init` writes. A test loads it and compares it with the defaults."""

from pathlib import Path

from litelong import UsageError
from tools.files import write_atomic

TEMPLATE = """\
# litelong configuration. Every key but corpus.path may be left out; what stands here are the defaults.
# Relative paths are relative to the folder that the command is run in.
# Dry run: litelong plan FILE    run or resume: litelong run FILE    override: --set packing.context_length=4096

preset: null               # litelong-paper: the published settings, below what stands here

run:
  name: run                # letters, digits, . _ -
  out: runs/run            # the run directory
  seed: 0                  # same config, corpus and seed: byte-identical samples
  workers: 2               # threads; never changes the result
  tokens: null             # a folder for encoded documents that runs share, so that each is encoded once; null: the run's own
  encoder: auto            # a faster engine (extra fast) where it proves that its ids are the same; plain: tiktoken or tokenizers

corpus:
  path: [data/]            # files, folders, globs (.txt .md .html .jsonl .parquet, also .gz .zst), hf:NAME, or demo
  text_field: null         # column with the text; found when null
  id_field: null           # column with the document's id; found when null
  source: corpus           # what the corpus is called in records
  source_field: null       # column with the part of the corpus that a document is from; null: its file, or its folder
  binary_files: error      # or reject: keep binary files in the reject list and go on

taxonomy:
  source: compact          # 53 BISAC sections with 10 to 20 subjects each; bisac, another imported name, or a file
  select: []               # paths, codes or globs, e.g. ["SCIENCE/**", "COM000000"]; empty: all that are debated by default
  exclude: []              # an exact name takes all under it away, too
  preset: null             # general-adult: without NON, BIB, STU and the juvenile and young-adult sections
  kind: auto               # what globs choose: debated by default; or leaves, inner, all
  depth: null              # and at most so many levels below the section
  sample: null             # so many of them, drawn by run.seed
  limit: null              # the first so many of those
  expansion_factor: {}     # for paths, codes or globs, e.g. {"SCIENCE/**": 10}; others by debate.expansion_factor

tokenizer: cl100k_base     # or path/to/tokenizer.json

search:
  backend: auto            # whoosh (small corpora) or tantivy (fast)
  k1: 1.2
  b: 0.75
  analysis: english        # none: words as they are, for other languages
  index: null              # a folder made by `litelong index`; null: the run makes its own

debate:
  engine: langgraph        # or autogen: the same debate as one AutoGen team (pip install 'litelong[autogen]')
  protocol: litelong       # multi_round, vote, single, reflect: docs/debate.md
  retention: filter_reject # a topic is kept unless half of the judges or more remove it; or keep_accept, keep_fixed_k
  keep: auto               # for keep_fixed_k: topics a category; auto: half of what is asked for
  expansion_factor: auto   # twice as many topics are asked of each proposer; auto: 6, more for larger subtrees
  reviews: others          # critics pass over proposals by agents of their own model (unless none would remain), or: all
  rounds: auto             # at most so many: proposers answer critiques in between; auto: 1, and 4 for multi_round
  patience: 1              # multi_round stops when what is accepted has not changed for so many rounds
  max_tokens: null         # multi_round stops when one debate has taken so many
  evidence:                # what the corpus says: shown to chat agents, or withheld (lexical ones have nothing else)
    proposers: withheld
    critics: shown
    judges: shown
    guests: shown
  judging:
    anonymous: true        # false: judges are told which model proposed a topic
    twice: false           # true: chat judges judge again in reversed order; what contradicts is flagged
  concurrency: 16
  # a seat: {role, model, prompt: a name, path or text, temperature: 0.6, top_p: 0.95, tools: true to search the corpus}
  proposers: [{role: proposer, model: lexical}]
  critics: [{role: critic, model: lexical}]
  judges: [{role: judge, model: lexical}]
  guests: []               # roles with a place of their own in the flow: docs/roles.md
  budget: {tokens: null, cost: null}   # for language models; a run that reaches it stops and can go on with a larger one
  models: {}               # prices, keys and limits by model string: docs/models.md
  replies: null            # a run whose recorded replies are used before a model is asked

retrieve:
  hits: auto               # as many as the topic's samples need; or a number
  floor: 0.4               # a hit needs this share of the best hit's score
  query: context           # the title within its category; bare: the title alone, as in the paper; name: and the category's name
  fallback: []             # asked in turn while less is found than the topic's samples need, e.g. [name, bare]
  expand: none             # or explanation: its words are asked for too
  expand_weight: 0.25      # what each of them counts; a word of the title counts 2
  min_tokens: 0            # shorter documents are left out (estimated from their characters)
  max_tokens: null         # and longer ones
  quotas: {}               # most of a topic's tokens from one source, e.g. {"wiki*": 0.5, "*": 0.25}; the longest that matches

packing:
  recipe: litelong         # standard, nextlong, litelong+nextlong, utk, litelong+utk (docs/recipes.md)
  context_length: 131072   # ids in every sample, exactly
  samples_per_topic: 1
  max_uses_per_document: 1 # in the whole run
  order: rank              # reverse, shuffle: how the chosen documents stand in the sample
  boundaries: sample       # one attention span a sample; document: one a document (column doc_lens)
  target_tokens: null      # stop after so many; null: as many samples as can be filled
  separator: eos           # after each document; or bos, none, or the id of a token
  bos: auto                # at the sample's start where the tokenizer has one; or none
  near_duplicates: 0.8     # documents this similar (Jaccard of 5-token runs, 0.5 to 1) never share a sample; null: no check
  back_trace: false        # utk, litelong+utk: true labels each piece, and lists a document's labels after its last one
  tails: carry             # the rest of a document that a sample cuts begins the topic's next sample; cut: it is left out
  remainder: unused        # pool: what topics leave is packed together, by category, then section, then all
  padding: false           # true: what does not fill a sample is packed all the same, and the sample is padded
  pad_id: auto             # the tokenizer's, else its EOS; or the id of a token
  compression: zstd        # of samples/*.parquet; none: 1.5 times the size, half the time to write

negatives:                 # read by the recipes nextlong and litelong+nextlong
  source: bm25             # dense: embeddings in FAISS (extra dense)
  granularity: 2048        # length of a meta-chunk at most
  unit: characters         # of granularity; or tokens
  position: head           # a chunk stands before its negatives; tail: after them; random
  truncate: even           # what does not fit is left out evenly; tail: the sample's end is cut (needs position: head)
  pool: auto               # corpus (nextlong); retrieved: what any topic's hits name (litelong+nextlong); topic: its own hits
  expansion: 1.5           # so many times a sample's characters are asked for
  words: 32                # telling words that bm25 asks for; null: all of a chunk's
  near_copies: 0.8         # a negative this similar to a chunk of its sample (MinHash, 0.5 to 1) is none; null: no guard
  embeddings: wordllama    # or openai:MODEL@BASE_URL, provider:model
"""


def write_template(path: Path, *, force: bool) -> None:
    """Write the template. Raises `UsageError` when `path` is a folder, or there already (and not `force`), or unwritable."""
    if path.is_dir():
        raise UsageError(f"{path}: is a folder; name a file")
    if path.exists() and not force:
        raise UsageError(f"{path}: is there already; name another file, or overwrite it with --force")
    try:
        write_atomic(path, TEMPLATE.encode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror}); name another file") from None
