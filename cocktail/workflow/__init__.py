"""From a suite's configuration to jobs: suites, selection, plan, source digests, forecast, Snakemake, verification."""
