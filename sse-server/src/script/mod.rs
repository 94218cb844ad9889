//! The Lua side: hooks, packages, budgets.
