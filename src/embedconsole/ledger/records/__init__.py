"""What the ledger hands out and takes in: plain frozen records."""
