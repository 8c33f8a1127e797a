"""One plot of behaviour for each public component, drawn from the components themselves when the pages are built."""
