"""An identity provider or HR system that speaks SCIM 2.0 (RFC 7643, 7644): who there is, and who is still active."""
