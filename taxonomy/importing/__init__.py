"""Reading the lists that people have: archives, JSON, tables, spreadsheets and trees, told apart by what is in them."""
