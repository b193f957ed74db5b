//! With a store: messages are handed to it in one commit, then settled.
