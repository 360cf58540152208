# %%
import logging
import re
import warnings
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import matplotlib.pyplot as plt

%matplotlib inline
warnings.filterwarnings("ignore")
pd.set_option("display.max_columns", 30)
np.random.seed(42)
# %%
n = 1500
df = pd.DataFrame({
    "customer id": np.arange(n),
    "Signup Date": pd.Timestamp("2021-01-01") + pd.to_timedelta(np.random.randint(0, 900, n), unit="D"),
    "plan": np.random.choice(["basic", "plus", "pro", None], n, p=[0.5, 0.3, 0.15, 0.05]),
    "monthly_fee": np.random.choice([9.0, 19.0, 49.0, np.nan], n),
    "support calls": np.random.poisson(1.4, n),
    "region": np.random.choice(list("NSEW"), n),
})
df.head()
# %%
df.columns = [re.sub(r"\W+", "_", c.strip().lower()) for c in df.columns]
df.info()
# %%
df.isna().sum()
# %%
df["plan"].fillna("unknown")
df["plan"] = df["plan"].fillna("unknown")
df["monthly_fee"] = df.groupby("plan")["monthly_fee"].transform(lambda s: s.fillna(s.median()))
df.isna().sum().sum()
# %%
today = datetime(2023, 9, 1)
df["tenure"] = (today - df["signup_date"]).dt.days
df.drop(columns=["signup_date"], inplace=True)
df = df[df["tenure"] > 30]
df.shape
# %%
def risk(row, weight=0.3):
    base = weight * row["support_calls"] - row["tenure"] / 400
    return 1 / (1 + np.exp(-base))

df["p"] = df.apply(risk, axis=1)
df["churned"] = (np.random.rand(len(df)) < df["p"]).astype(int)
df["churned"].mean()
# %%
weight = 0.9
df["p"] = df.apply(risk, axis=1, weight=weight)
df.sort_values("p", ascending=False, inplace=True)
df.reset_index(drop=True, inplace=True)
df.head(3)
# %%
fig, ax = plt.subplots(1, 2, figsize=(9, 3))
df["tenure"].hist(bins=30, ax=ax[0])
df.groupby("plan")["churned"].mean().plot.bar(ax=ax[1])
plt.tight_layout()
# %%
ax[0].set_title("Tenure")
ax[1].set_title("Churn by plan")
fig
# %%
from sklearn.model_selection import train_test_split
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.pipeline import Pipeline
from sklearn.linear_model import LogisticRegression

y = df.pop("churned")
X = df.drop("customer_id", axis=1)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=1, stratify=y)
X_train.shape, X_test.shape
# %%
numeric = ["monthly_fee", "support_calls", "tenure"]
categorical = ["plan", "region"]
prep = ColumnTransformer([("num", StandardScaler(), numeric), ("cat", OneHotEncoder(handle_unknown="ignore"), categorical)])
model = Pipeline([("prep", prep), ("clf", LogisticRegression(max_iter=500))])
model.fit(X_train, y_train)
# %%
from sklearn.metrics import roc_auc_score, confusion_matrix, classification_report
pred = model.predict_proba(X_test)[:, 1]
print("AUC", round(roc_auc_score(y_test, pred), 4))
print(classification_report(y_test, pred > 0.5, zero_division=0))
# %%
from sklearn.model_selection import GridSearchCV
search = GridSearchCV(model, {"clf__C": [0.01, 0.1, 1, 10]}, cv=3, n_jobs=2, scoring="roc_auc")
search.fit(X_train, y_train)
search.best_params_
# %%
results = pd.DataFrame(search.cv_results_)[["param_clf__C", "mean_test_score", "rank_test_score"]]
results
# %%
model = search.best_estimator_
names = model.named_steps["prep"].get_feature_names_out()
coef = pd.Series(model.named_steps["clf"].coef_[0], index=names).sort_values()
coef.plot.barh()
plt.title("coefficients")
plt.show()
# %%
import joblib
joblib.dump(model, "model.joblib")
again = joblib.load("model.joblib")
assert np.allclose(again.predict_proba(X_test)[:, 1], model.predict_proba(X_test)[:, 1])
# %%
!ls *.joblib
# %%
del again, prep
X = X_train
y = y_train
n = len(X)
print(n)
