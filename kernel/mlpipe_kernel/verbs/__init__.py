"""What can be said after `%mlpipe`: one module for each group of verbs, and the table of them."""
