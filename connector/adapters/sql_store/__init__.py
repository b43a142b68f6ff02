"""An HR store behind SQL, read with named queries. Only reading; nothing here may write."""
