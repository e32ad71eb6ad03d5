"""The plain, frozen records that the ledger takes and returns; a module for each of its parts."""
