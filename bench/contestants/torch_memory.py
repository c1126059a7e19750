"""torch_memory.py - the memories of Bit-Llama in PyTorch, in closed form. For each of n sequences and
heads: S <- a_t S - g_t k_t^T, g_t = b_t (a_t S k_t - v_t), r_t = S q_t with k_t = q_(t-1), S and q
before the first token zero. With u = -g and d_tj = a_(j+1) .. a_t all writes of a window solve
(I + strict_lower(b d (k k^T))) u = b v, and r = lower(d (q k^T)) u (the delta rule's WY form: Yang et al.
2024, arXiv 2406.06484). SPDX-License-Identifier: MIT
"""

import torch
import torch.nn.functional as F
from torch.autograd import Function

solve = torch.linalg.solve_triangular


class Whole(Function):
    """One solve for a window. q, v [n][t][w] (v None: the key itself); keep log a, or None; write b."""

    @staticmethod
    def forward(ctx, q, v, keep, write):
        n, t, w = q.shape
        e = F.pad(q, (0, 0, 1, 0))
        k = e[:, :-1]
        gram = e @ k.transpose(1, 2)
        if keep is not None:
            total = keep.cumsum(1)
            decay = (total[:, :, None] - total[:, None, :]).clamp_(max=0).exp_()
            past, reads = decay * gram[:, :-1], decay.mul_(gram[:, 1:]).tril_()
        else:
            past, reads = gram[:, :-1].clone(), gram[:, 1:].tril()
            total = None
        past.mul_(write[:, :, None])
        u = solve(past, (k if v is None else v) * write[:, :, None], upper=False, unitriangular=True)
        ctx.save_for_backward(e, u, past, reads, write, total)
        ctx.own = v is None
        return reads @ u

    @staticmethod
    def backward(ctx, dr):
        e, u, past, reads, write, total = ctx.saved_tensors
        k = e[:, :-1]
        dreads = dr @ u.transpose(1, 2)
        du = reads.transpose(1, 2) @ dr
        du = solve(past.transpose(1, 2), du, upper=True, unitriangular=True)
        dpast = (du @ u.transpose(1, 2)).neg_()
        dv, dkeep, dwrite = du * write[:, :, None], None, None
        decay = None
        if total is not None:
            dwrite = (du * u).sum(2) / write
            dd = (dreads * reads).addcmul_(dpast, past.tril(-1))
            dkeep = (dd.sum(2) - dd.sum(1)).flip(1).cumsum(1).flip(1)
            decay = (total[:, :, None] - total[:, None, :]).clamp_(max=0).exp_()
            dreads.mul_(decay)
            dpast.mul_(decay)
        dpast = dpast.mul_(write[:, :, None]).tril_(-1)
        dreads.tril_()
        dgram = F.pad(dreads, (0, 0, 1, 0))
        dgram[:, :-1] += dpast
        de = dgram @ k
        de[:, :-1] += dgram.transpose(1, 2) @ e
        if ctx.own:
            de[:, :-1] += dv
            dv = None
        return de[:, 1:], dv, dkeep, dwrite


def memory_whole(q, v, keep, write, _chunk):
    return Whole.apply(q, v, keep, write)


def memory_chunks(q, v, keep, write, size):
    """The same by chunks: all solves at once, then from chunk to chunk through S."""
    n, t, w = q.shape
    k = F.pad(q, (0, 0, 1, 0))[:, :-1]
    v = k if v is None else v
    q, k, v = (x.reshape(n, t // size, size, w) for x in (q, k, v))
    b = write.view(n, t // size, size, 1)
    kt = k.transpose(2, 3)
    if keep is not None:
        total = keep.view(n, t // size, size).cumsum(2)
        decay = (total[..., :, None] - total[..., None, :]).clamp(max=0).exp()
        past, reads = k @ kt * decay * b, (q @ kt * decay).tril()
        since, until = total.exp()[..., None], decay[:, :, -1, :, None]
        q, rest = q * since, torch.cat([v, k * since], -1) * b
        kt = (k * until).transpose(2, 3)
    else:
        past, reads, rest = k @ kt * b, (q @ kt).tril(), torch.cat([v, k], -1) * b
    new, old = solve(past, rest, upper=False, unitriangular=True).split(w, -1)
    state, out = None, []
    for i in range(t // size):
        if state is None:
            u = new[:, i]
            out.append(reads[:, i] @ u)
            state = kt[:, i] @ u
            continue
        u = torch.baddbmm(new[:, i], old[:, i], state, alpha=-1)
        out.append(torch.baddbmm(q[:, i] @ state, reads[:, i], u))
        left = state * since[:, i, -1:] if keep is not None else state
        state = torch.baddbmm(left, kt[:, i], u)
    return torch.stack(out, 1).view(n, t, w)
