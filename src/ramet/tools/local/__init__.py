"""`ramet up`: the engines and the processes of every service, started and kept on one machine."""
