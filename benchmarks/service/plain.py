"""What a team writes in an afternoon: FastAPI and NumPy, known users only, no history, no filter, no log."""

import numpy as np
from fastapi import FastAPI

ITEMS, DIM, USERS, TOP = 41_000, 64, 2000, 20
app = FastAPI()
rng = np.random.default_rng(0)
vectors = rng.normal(size=(ITEMS, DIM)).astype(np.float32)
users = rng.normal(size=(USERS, DIM)).astype(np.float32)


@app.get("/users/{user}/recommendations")
async def recommend(user: int) -> dict[str, object]:
    """In the loop: a thread for each request is slower (a pool's hand-over costs more than the product)."""
    scores = vectors @ users[user]
    best = np.argpartition(-scores, TOP)[:TOP]
    best = best[np.argsort(-scores[best])]
    return {"user": user, "items": [{"id": int(i), "score": float(scores[i])} for i in best]}


@app.get("/empty")
async def empty() -> dict[str, object]:
    return {"items": []}
