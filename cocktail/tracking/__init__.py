"""The results in MLflow: a view, made by one job at the end. No other package imports mlflow."""
