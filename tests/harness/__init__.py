"""What the bench and the torture tests share: interpreters, programs built at run time, targets, what the kernel says of them."""
