# %%
import numpy as np
import pandas as pd
# %%
df = pd.DataFrame(np.arange(20.).reshape(5, 4), columns=list("abcd"))
view = df["a"]
arr = df.to_numpy()
sub = df.iloc[:2]
# %%
df.loc[0, "a"] = 99
view.iloc[0], arr[0, 0], sub.iloc[0, 0]
# %%
df.insert(0, "id", range(5))
df.rename(columns={"b": "B"}, inplace=True)
df.set_index("id", inplace=True)
# %%
df["cat"] = pd.Categorical(["x", "y", "x", "y", "z"])
df["cat"] = df["cat"].cat.add_categories("w")
df["s"] = pd.array(["p", None, "q", "r", "s"], dtype="string")
df["i"] = pd.array([1, None, 3, 4, 5], dtype="Int64")
df["t"] = pd.to_datetime("2020-01-01") + pd.to_timedelta(df.index, unit="h")
df["tz"] = df["t"].dt.tz_localize("Europe/Rome")
df["per"] = df["t"].dt.to_period("D")
df["obj"] = [[1], {"a": 1}, (2,), None, "s"]
df.dtypes
# %%
df.at[0, "obj"].append(2)
df.obj.iloc[0]
# %%
mi = df.set_index(["cat", "s"], append=True)
mi.index.names
# %%
wide = mi.drop(columns=["obj", "per", "tz"]).unstack("cat")
wide.columns.nlevels
# %%
groups = dict(list(df.groupby("cat", observed=True)))
groups["x"].loc[0, "c"] = -5
df.loc[0, "c"], groups["x"].loc[0, "c"]
# %%
df.attrs["source"] = "made up"
copy = df.copy()
copy.attrs["source"] = "copied"
df.attrs
# %%
for name, col in df.items():
    if col.dtype == float:
        df[name] = col * 2
df.sum(numeric_only=True)
# %%
left = pd.DataFrame({"k": [1, 2, 3], "v": [4, 5, 6]})
right = pd.DataFrame({"k": [1, 1, 3], "w": [7, 8, 9]})
merged = left.merge(right, how="outer", on="k", indicator=True)
merged
# %%
del left["v"]
left
# %%
long = merged.melt(id_vars="k", value_vars=["v", "w"]).dropna()
long = long.assign(value=lambda d: d.value ** 2)
long.pipe(lambda d: d[d.value > 20])
# %%
df = df.query("a > 10").drop(columns="obj")
# %%
df["z"] = df.a + df.c
df["z"]
# %%
sums = {}
def tally(frame):
    for k, v in frame.groupby("k").size().items():
        sums[k] = sums.get(k, 0) + v
tally(merged)
tally(long)
sums
# %%
a = np.zeros((4, 4))
b = a[1:3]
b += 5
c = a.T
c[0, 0] = 7
flat = a.ravel()
flat[5] = -1
a
# %%
np.fill_diagonal(a, 3)
a.sort(axis=0)
np.add(b, 1, out=b)
b
# %%
rec = np.array([(1, 2.5, "x"), (2, 3.5, "y")], dtype=[("i", int), ("f", float), ("s", "U2")])
rec["f"] *= 2
rec
# %%
m = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
m[0] = np.ma.masked
m
# %%
x = np.linspace(0, 1, 5)
y = x
x = x + 1
y[0] = 50
x, y
# %%
it = df.iterrows()
k, first = next(it)
k
# %%
pd.options.mode.copy_on_write
