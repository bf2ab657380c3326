"""payments: takes and gives back money, through providers that are a folder each."""
