"""What every adapter over HTTP needs: one door to the network, JSON, retry, budgets, tokens, paging."""
