# %%
%matplotlib inline
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
plt.rcParams["figure.figsize"] = (5, 3)
# %%
x = np.linspace(0, 10, 200)
plt.plot(x, np.sin(x))
plt.title("sine")
# %%
fig = plt.figure()
ax = fig.add_subplot(111)
line, = ax.plot(x, np.cos(x), label="cos")
plt.close(fig)
# %%
line.set_color("red")
ax.legend()
fig
# %%
with plt.style.context("ggplot"):
    fig, axes = plt.subplots(2, 2, sharex=True)
    for i, a in enumerate(axes.flat):
        a.plot(x, x ** i)
# %%
axes[0, 0].set_ylabel("first")
fig.suptitle("powers")
fig
# %%
plt.rc("lines", linewidth=3)
plt.rcParams.update({"axes.grid": True})
# %%
plt.plot(x, x ** 0.5)
plt.grid(False)
plt.show()
# %%
plt.style.use("dark_background")
plt.scatter(x[::10], np.tan(x[::10]))
plt.ylim(-5, 5)
# %%
matplotlib.rcdefaults()
# %%
img = np.outer(np.sin(x), np.cos(x))
im = plt.imshow(img, cmap="viridis")
plt.colorbar(im)
# %%
fig, (left, right) = plt.subplots(1, 2)
left.hist(img.ravel(), bins=20)
right.boxplot([img[0], img[50]])
fig.savefig("out.png", dpi=50)
# %%
import os
size = os.path.getsize("out.png")
size > 100
# %%
plt.figure()
plt.bar(range(3), [1, 2, 3])
plt.text(0, 1, "one")
axg = plt.gca()
# %%
len(axg.patches)
# %%
from mpl_toolkits.mplot3d import Axes3D
fig = plt.figure()
ax = fig.add_subplot(projection="3d")
X, Y = np.meshgrid(x[::20], x[::20])
ax.plot_surface(X, Y, np.sin(X) * Y)
# %%
plt.close("all")
%config InlineBackend.figure_format = "png"
plt.plot([1, 2, 3]);
