"""The feed's SQL, a module a database; each fulfils `Dialect` of `triggers`."""
