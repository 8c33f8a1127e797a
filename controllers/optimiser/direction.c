/* Newton's direction of many problems, LANES of them at a time; see newton.py and riccati.py for the mathematics.
   Arrays of the caller are [stage][problem][component]; inside, a V holds one component of LANES problems. The variables of a stage are
   ordered (u, x, w) here, so that the controls are eliminated by the first steps of one factorisation, in place: what is left is P. */
#define VP PADDED(NV + 1) /* the last column holds the gradient */
#define PHI(i, j) Phi[(i) * NZ + (j)]

/* What the forward sweep needs of a stage. */
typedef struct {
  V T[NX * VP], K[NU * VP], W[NX * XP], Pw[NX * XP], slope[NX], D[NS + 1], e[NS + 1], vw[NVW + 1];
} N(Stage);

long N(direction_work)(long n)
{
  return (n * (long)sizeof(N(Stage)) + (NZ * NZ + NV * VP) * (long)sizeof(V)) / 8;
}

/* Condense inequalities and slacks of a stage into Phi (upper triangle) and phi. */
static void N(condense)(V *restrict Phi, V *restrict phi, N(Stage) *restrict s, const V *t, const V *lam, const V *G, const V *sg, const V *sq,
                        const V *dc, const V *H, V mu, V shift)
{
  V sigma[M + 1], rho[M + 1], side[NZ];
  for (int i = 0; i < M; i++) {
    V inverse = 1.0 / t[i];
    sigma[i] = lam[i] * inverse;
    rho[i] = sigma[i] * (G[i] + t[i]) + mu * inverse - lam[i];
  }
  for (int i = 0; i < NZ * NZ; i++)
    Phi[i] = (V){0};
  for (int i = 0; i < NH; i++)
    PHI(H_ROW[i], H_COL[i]) += H[i];
  for (int j = 0; j < NS; j++) {
    s->D[j] = 2.0 * sq[j] + sigma[AT_S + j];
    s->e[j] = rho[AT_S + j] - sg[j];
  }
  for (int i = 0; i < NC; i++)
    if (SLACK[i] >= 0) {
      s->D[SLACK[i]] += sigma[i];
      s->e[SLACK[i]] += rho[i];
    }
  for (int i = 0; i < NC; i++) {
    V pull = SLACK[i] < 0 ? rho[i] : rho[i] - sigma[i] * s->e[SLACK[i]] / s->D[SLACK[i]];
    for (int a = DC_AT[i]; a < DC_AT[i + 1]; a++) {
      V weighted = sigma[i] * dc[DC_NZ[a]];
      phi[DC_COL[a]] += pull * dc[DC_NZ[a]];
      for (int b = a; b < DC_AT[i + 1]; b++)
        PHI(DC_COL[a], DC_COL[b]) += weighted * dc[DC_NZ[b]];
    }
  }
  for (int j = 0; j < NS; j++) {
    V inverse = 1.0 / s->D[j];
    for (int a = SV_AT[j]; a < SV_AT[j + 1]; a++)
      side[SV_COL[a]] = (V){0};
    for (int r = SR_AT[j]; r < SR_AT[j + 1]; r++)
      for (int a = DC_AT[SR_ROW[r]]; a < DC_AT[SR_ROW[r] + 1]; a++)
        side[DC_COL[a]] += sigma[SR_ROW[r]] * dc[DC_NZ[a]];
    for (int a = SV_AT[j]; a < SV_AT[j + 1]; a++) {
      V weighted = side[SV_COL[a]] * inverse;
      for (int b = a; b < SV_AT[j + 1]; b++)
        PHI(SV_COL[a], SV_COL[b]) -= weighted * side[SV_COL[b]];
    }
  }
  for (int i = 0; i < NB; i++) { /* bounds: a row with a slope of one and a sign */
    PHI(B_COL[i], B_COL[i]) += sigma[NC + i];
    phi[B_COL[i]] += B_SIGN[i] * (rho[NC + i] + lam[NC + i]);
  }
  for (int i = 0; i < NZ; i++)
    if (i < NU || i >= NV)
      PHI(i, i) += shift;
}

/* One backward stage: P and p of what follows become those of this stage; keeps what the way forward needs. */
static void N(backward)(const V *restrict Phi, const V *restrict phi, V *restrict Q, N(Stage) *restrict s, const V *dF, const V *F,
                        V *restrict P, V *restrict p, double *convex, double *regular)
{
  V S[NX * VP];
  for (int i = 0; i < NX * XP; i++)
    s->W[i] = (V){0};
  for (int i = 0; i < NF; i++)
    if (F_COL[i] >= NV)
      s->W[F_ROW[i] * XP + F_COL[i] - NV] = dF[i];
  V worst = N(invert)(s->W);
  for (int l = 0; l < LANES; l++)
    if (!(GET(worst, l) > PIVOT_DYNAMICS))
      regular[l] = 0.0;
  /* [T offset] = -W [J_v F], by columns of the sparse J_v. */
  for (int i = 0; i < NX * VP; i++)
    s->T[i] = (V){0};
  for (int a = 0; a < NF; a++)
    if (F_COL[a] < NV)
      for (int i = 0; i < NX; i++)
        s->T[i * VP + F_COL[a]] -= s->W[i * XP + F_ROW[a]] * dF[a];
  for (int i = 0; i < NX; i++) {
    V sum = (V){0};
    for (int j = 0; j < NX; j++)
      sum -= s->W[i * XP + j] * F[j];
    s->T[i * VP + NV] = sum;
  }
  for (int i = 0; i < NX; i++)
    for (int j = i; j < NX; j++)
      s->Pw[i * XP + j] = s->Pw[j * XP + i] = P[i * XP + j] + PHI(NV + i, NV + j);
  for (int i = 0; i < NVW; i++)
    s->vw[i] = PHI(VW_ROW[i], NV + VW_COL[i]);
  for (int i = 0; i < NX; i++)
    s->slope[i] = phi[NV + i] + p[i];
  /* S = Pw [T offset] + [0 slope], then Q = Phi + T' S + coupling of states and end states. */
  for (int i = 0; i < NX; i++) {
    V sum[VP];
    for (int j = 0; j < VP; j++)
      sum[j] = (V){0};
    sum[NV] = s->slope[i];
    for (int k = 0; k < NX; k++) {
      V a = s->Pw[i * XP + k];
      for (int j = 0; j < VP; j++)
        sum[j] += a * s->T[k * VP + j];
    }
    for (int j = 0; j < VP; j++)
      S[i * VP + j] = sum[j];
  }
  for (int i = 0; i < NV; i++) {
    V sum[VP];
    for (int j = 0; j < VP; j++)
      sum[j] = (V){0};
    for (int j = i; j < NV; j++)
      sum[j] = PHI(i, j);
    sum[NV] = phi[i];
    for (int k = 0; k < NX; k++) {
      V a = s->T[k * VP + i];
      for (int j = FROM(i); j < VP; j++)
        sum[j] += a * S[k * VP + j];
    }
    for (int j = FROM(i); j < VP; j++)
      Q[i * VP + j] = sum[j];
  }
  for (int i = 0; i < NVW; i++) {
    int b = VW_ROW[i];
    const V *row = s->T + VW_COL[i] * VP;
    for (int j = b; j <= NV; j++)
      Q[b * VP + j] += s->vw[i] * row[j];
    for (int j = 0; j <= b; j++)
      Q[j * VP + b] += s->vw[i] * row[j];
  }
  N(eliminate)(Q, NU, NV, VP, convex);
  for (int i = 0; i < NX; i++) {
    for (int j = i; j < NX; j++)
      P[i * XP + j] = Q[(NU + i) * VP + NU + j];
    p[i] = Q[(NU + i) * VP + NV];
  }
  /* [K ahead] = -U^{-1} [Y y], row by row from below; columns of the controls hold U and are left out. */
  for (int j = NU - 1; j >= 0; j--) {
    V inverse = 1.0 / Q[j * VP + j], sum[VP];
    for (int i = FROM(NU); i < VP; i++)
      sum[i] = Q[j * VP + i];
    for (int k = j + 1; k < NU; k++) {
      V a = Q[j * VP + k];
      for (int i = FROM(NU); i < VP; i++)
        sum[i] += a * s->K[k * VP + i];
    }
    for (int i = FROM(NU); i < VP; i++)
      s->K[j * VP + i] = -inverse * sum[i];
  }
}

/* The arrival cost: the initial state minimises the value function. */
static void N(arrive)(const V *P, const V *p, const V *weight, const V *slope, V *dx, double *convex)
{
  V L[NX * (NX + 1)];
  for (int i = 0; i < NX; i++) {
    for (int j = 0; j < NX; j++)
      L[i * (NX + 1) + j] = j < i ? (V){0} : P[i * XP + j] + weight[i * NX + j];
    L[i * (NX + 1) + NX] = p[i] + slope[i];
  }
  V scale[NX];
  N(sizes)(L, NX, NX + 1, scale);
  for (int j = 0; j < NX; j++) {
    V *row = L + j * (NX + 1);
    row[j] = N(pivot)(row, j, NX, scale, convex);
    for (int i = j + 1; i < NX; i++) {
      V factor = row[i] / row[j];
      for (int k = i; k <= NX; k++)
        L[i * (NX + 1) + k] -= factor * row[k];
    }
  }
  for (int j = NX - 1; j >= 0; j--) {
    dx[j] = -L[j * (NX + 1) + NX];
    for (int k = j + 1; k < NX; k++)
      dx[j] -= L[j * (NX + 1) + k] * dx[k];
    dx[j] /= L[j * (NX + 1) + j];
  }
}

/* Problems first to last - 1 of a batch. in: t lam G gradient slack_gradient slack_quadratic dF dc H F dx0 mu shift weight slope (the last two
   null where the initial state is given); out: x0 u w s t lam y, and flags[problem]: 1 convex, 0 corrected, -1 dynamics not solvable. */
void N(direction)(long n, long batch, long first, long last, const double *const *in, double *const *out, double *flags, double *work)
{
  N(Stage) *stages = (N(Stage) *)work;
  V *Phi = (V *)(stages + n), *Q = Phi + NZ * NZ;
  for (long b = first; b < last; b += LANES) {
    long used = last - b < LANES ? last - b : LANES, problem[LANES], row[LANES];
    for (int l = 0; l < LANES; l++)
      problem[l] = l < used ? b + l : last - 1;
    double convex[LANES], regular[LANES];
    V P[NX * XP], p[NX], mu, shift;
    for (int l = 0; l < LANES; l++) {
      convex[l] = regular[l] = 1.0;
      PUT(mu, l, in[11][problem[l]]);
      PUT(shift, l, in[12][problem[l]]);
    }
    for (int i = 0; i < NX * XP; i++)
      P[i] = (V){0};
    for (int i = 0; i < NX; i++)
      p[i] = (V){0};
    for (long k = n - 1; k >= 0; k--) {
      V t[M + 1], lam[M + 1], G[M + 1], g[NZ], phi[NZ], sg[NS + 1], sq[NS + 1], dF[NF], dc[NDC + 1], H[NH + 1], F[NX];
      for (int l = 0; l < LANES; l++)
        row[l] = k * batch + problem[l];
      N(get)(t, in[0], M, row), N(get)(lam, in[1], M, row), N(get)(G, in[2], M, row), N(get)(g, in[3], NZ, row);
      N(get)(sg, in[4], NS, row), N(get)(sq, in[5], NS, row), N(get)(dF, in[6], NF, row), N(get)(dc, in[7], NDC, row);
      N(get)(H, in[8], NH, row), N(get)(F, in[9], NX, row);
      for (int i = 0; i < NZ; i++)
        phi[PLACE[i]] = g[i];
      N(condense)(Phi, phi, stages + k, t, lam, G, sg, sq, dc, H, mu, shift);
      N(backward)(Phi, phi, Q, stages + k, dF, F, P, p, convex, regular);
    }
    V dz[NZ], *du = dz, *dx = dz + NU, *dw = dz + NV;
    if (in[13]) {
      V weight[NX * NX], slope[NX];
      N(get)(weight, in[13], NX * NX, problem), N(get)(slope, in[14], NX, problem);
      N(arrive)(P, p, weight, slope, dx, convex);
    } else
      N(get)(dx, in[10], NX, problem);
    N(set)(out[0], dx, NX, problem, used);
    for (long k = 0; k < n; k++) {
      const N(Stage) *s = stages + k;
      V t[M + 1], lam[M + 1], G[M + 1], dc[NDC + 1], dy[NX], ds[NS + 1], along[M + 1], pull[NX];
      for (int l = 0; l < LANES; l++)
        row[l] = k * batch + problem[l];
      N(get)(t, in[0], M, row), N(get)(lam, in[1], M, row), N(get)(G, in[2], M, row), N(get)(dc, in[7], NDC, row);
      for (int i = 0; i < NU; i++) {
        du[i] = s->K[i * VP + NV];
        for (int j = 0; j < NX; j++)
          du[i] += s->K[i * VP + NU + j] * dx[j];
      }
      for (int i = 0; i < NX; i++) {
        dw[i] = s->T[i * VP + NV];
        for (int j = 0; j < NV; j++)
          dw[i] += s->T[i * VP + j] * dz[j];
      }
      for (int i = 0; i < NX; i++) {
        pull[i] = s->slope[i];
        for (int j = 0; j < NX; j++)
          pull[i] += s->Pw[i * XP + j] * dw[j];
      }
      for (int i = 0; i < NVW; i++)
        pull[VW_COL[i]] += s->vw[i] * dz[VW_ROW[i]];
      for (int i = 0; i < NX; i++) {
        dy[i] = (V){0};
        for (int j = 0; j < NX; j++)
          dy[i] -= s->W[j * XP + i] * pull[j];
      }
      for (int j = 0; j < NS; j++)
        ds[j] = s->e[j];
      for (int i = 0; i < NC; i++) {
        along[i] = (V){0};
        for (int a = DC_AT[i]; a < DC_AT[i + 1]; a++)
          along[i] += dc[DC_NZ[a]] * dz[DC_COL[a]];
        if (SLACK[i] >= 0)
          ds[SLACK[i]] += lam[i] / t[i] * along[i];
      }
      for (int j = 0; j < NS; j++) {
        ds[j] /= s->D[j];
        along[AT_S + j] = -ds[j];
      }
      for (int i = 0; i < NC; i++)
        if (SLACK[i] >= 0)
          along[i] -= ds[SLACK[i]];
      for (int i = 0; i < NB; i++)
        along[NC + i] = B_SIGN[i] * dz[B_COL[i]];
      V dt[M + 1], dlam[M + 1];
      for (int i = 0; i < M; i++) {
        V r = G[i] + t[i], inverse = 1.0 / t[i];
        dt[i] = -(r + along[i]);
        dlam[i] = lam[i] * inverse * (along[i] + r) + mu * inverse - lam[i];
      }
      N(set)(out[1], du, NU, row, used), N(set)(out[2], dw, NX, row, used), N(set)(out[3], ds, NS, row, used);
      N(set)(out[4], dt, M, row, used), N(set)(out[5], dlam, M, row, used), N(set)(out[6], dy, NX, row, used);
      for (int i = 0; i < NX; i++)
        dx[i] = dw[i];
    }
    for (int l = 0; l < used; l++)
      flags[b + l] = regular[l] > 0.0 ? convex[l] : -1.0;
  }
}
#undef V
#undef XP
#undef VP
#undef PADDED
#undef FROM
#undef PHI
#undef PUT
#undef GET
