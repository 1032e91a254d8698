"""Templates: text becomes a document, a document becomes what resources are to have. Pure: nothing here asks the store."""
