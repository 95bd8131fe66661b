"""Where captures come from: ports with a device behind them, folders into which files are dropped, scanners."""
