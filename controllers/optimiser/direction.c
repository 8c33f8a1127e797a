/* Newton's direction of many problems, LANES of them at a time; see newton.py and riccati.py for the mathematics.
   Arrays of the caller are [stage][problem][component]; inside, a V holds one component of LANES problems. */
#if LANES == 1
typedef double N(V);
#define PUT(v, l, value) ((v) = (value))
#define GET(v, l) (v)
#else
typedef double N(V) __attribute__((vector_size(8 * LANES), aligned(8)));
#define PUT(v, l, value) ((v)[l] = (value))
#define GET(v, l) ((v)[l])
#endif
#define V N(V)
#define PHI(i, j) Phi[(i) * NZ + (j)]

/* What the forward sweep needs of a stage. */
typedef struct {
  V T[NX * NV], off[NX], K[NU * NX], ahead[NU], W[NX * NX], Pw[NX * NX], slope[NX], D[NS + 1], e[NS + 1], wv[NWV + 1];
} N(Stage);

long N(direction_work)(long n)
{
  return (n * (long)sizeof(N(Stage)) + (NZ * NZ + NV * NV) * (long)sizeof(V)) / 8;
}

static inline void N(get)(V *to, const double *from, long n, const long *row)
{
  for (int l = 0; l < LANES; l++)
    for (long i = 0; i < n; i++)
      PUT(to[i], l, from[row[l] * n + i]);
}

static inline void N(set)(double *to, const V *from, long n, const long *row, long used)
{
  for (int l = 0; l < used; l++)
    for (long i = 0; i < n; i++)
      to[row[l] * n + i] = GET(from[i], l);
}

/* Inverse by Gauss-Jordan without exchange of rows; returns the smallest pivot relative to the largest entry of its row. */
static V N(invert)(V *a)
{
  V worst;
  for (int l = 0; l < LANES; l++)
    PUT(worst, l, 1.0);
  for (int k = 0; k < NX; k++) {
    for (int l = 0; l < LANES; l++) {
      double pivot = fabs(GET(a[k * NX + k], l)), largest = 0.0;
      for (int j = 0; j < NX; j++)
        largest = __builtin_fmax(largest, fabs(GET(a[k * NX + j], l)));
      double ratio = largest > 0.0 ? pivot / largest : 0.0;
      if (!(ratio > GET(worst, l)))
        PUT(worst, l, ratio);
    }
    V inverse = 1.0 / a[k * NX + k];
    V *row = a + k * NX;
    row[k] = inverse * a[k * NX + k] * inverse;
    for (int j = 0; j < NX; j++)
      if (j != k)
        row[j] *= inverse;
    for (int i = 0; i < NX; i++) {
      if (i == k)
        continue;
      V factor = a[i * NX + k];
      for (int j = 0; j < NX; j++)
        if (j != k)
          a[i * NX + j] -= factor * row[j];
      a[i * NX + k] = -factor * inverse;
    }
  }
  return worst;
}

/* Condense inequalities and slacks of a stage into Phi (lower triangle) and phi. */
static void N(condense)(V *Phi, V *phi, N(Stage) *s, const V *t, const V *lam, const V *G, const V *sg, const V *sq, const V *dc, const V *H,
                        V mu, V shift)
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
      for (int b = DC_AT[i]; b <= a; b++)
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
      for (int b = SV_AT[j]; b <= a; b++)
        PHI(SV_COL[a], SV_COL[b]) -= weighted * side[SV_COL[b]];
    }
  }
  for (int i = 0; i < NB; i++) { /* bounds: a row with a slope of one and a sign */
    PHI(B_COL[i], B_COL[i]) += sigma[NC + i];
    phi[B_COL[i]] += B_SIGN[i] * (rho[NC + i] + lam[NC + i]);
  }
  for (int i = NX; i < NZ; i++)
    PHI(i, i) += shift;
}

/* One backward stage: P and p of what follows become those of this stage; keeps what the way forward needs. */
static void N(backward)(const V *Phi, const V *phi, V *Q, N(Stage) *s, const V *dF, const V *F, V *P, V *p, double *good, double *regular)
{
  V g[NV], Y[NU * NX], y[NU], S[NX * NV];
  for (int i = 0; i < NX * NX; i++)
    s->W[i] = (V){0};
  for (int i = 0; i < NF; i++)
    if (F_COL[i] >= NV)
      s->W[F_ROW[i] * NX + F_COL[i] - NV] = dF[i];
  V worst = N(invert)(s->W);
  for (int l = 0; l < LANES; l++)
    if (!(GET(worst, l) > PIVOT_DYNAMICS))
      regular[l] = 0.0;
  /* T = -W J_v, by columns of the sparse J_v. */
  for (int i = 0; i < NX * NV; i++)
    s->T[i] = (V){0};
  for (int a = 0; a < NF; a++)
    if (F_COL[a] < NV)
      for (int i = 0; i < NX; i++)
        s->T[i * NV + F_COL[a]] -= s->W[i * NX + F_ROW[a]] * dF[a];
  for (int i = 0; i < NX; i++) {
    V sum = (V){0};
    for (int j = 0; j < NX; j++)
      sum -= s->W[i * NX + j] * F[j];
    s->off[i] = sum;
  }
  for (int i = 0; i < NX; i++)
    for (int j = 0; j <= i; j++)
      s->Pw[i * NX + j] = s->Pw[j * NX + i] = P[i * NX + j] + PHI(NV + i, NV + j);
  for (int i = 0; i < NWV; i++)
    s->wv[i] = PHI(NV + WV_ROW[i], WV_COL[i]);
  for (int i = 0; i < NX; i++)
    s->slope[i] = phi[NV + i] + p[i];
  /* S = Pw T, then the lower triangle of Q. */
  for (int i = 0; i < NX; i++) {
    for (int j = 0; j < NV; j++)
      S[i * NV + j] = (V){0};
    for (int k = 0; k < NX; k++) {
      V a = s->Pw[i * NX + k];
      for (int j = 0; j < NV; j++)
        S[i * NV + j] += a * s->T[k * NV + j];
    }
  }
  for (int i = 0; i < NV; i++) {
    for (int j = 0; j <= i; j++)
      Q[i * NV + j] = PHI(i, j);
    for (int k = 0; k < NX; k++) {
      V a = s->T[k * NV + i];
      for (int j = 0; j <= i; j++)
        Q[i * NV + j] += a * S[k * NV + j];
    }
  }
  for (int i = 0; i < NWV; i++) {
    int b = WV_COL[i];
    const V *row = s->T + WV_ROW[i] * NV;
    for (int j = 0; j <= b; j++)
      Q[b * NV + j] += s->wv[i] * row[j];
    for (int j = b; j < NV; j++)
      Q[j * NV + b] += s->wv[i] * row[j];
  }
  V along[NX];
  for (int i = 0; i < NX; i++) {
    along[i] = s->slope[i];
    for (int j = 0; j < NX; j++)
      along[i] += s->Pw[i * NX + j] * s->off[j];
  }
  for (int j = 0; j < NV; j++)
    g[j] = phi[j];
  for (int i = 0; i < NX; i++)
    for (int j = 0; j < NV; j++)
      g[j] += s->T[i * NV + j] * along[i];
  for (int i = 0; i < NWV; i++)
    g[WV_COL[i]] += s->wv[i] * s->off[WV_ROW[i]];
  /* Cholesky of Q_uu in place, its pivots tell the inertia. */
  double least[LANES];
  for (int l = 0; l < LANES; l++) {
    double largest = 1e-300;
    for (int j = NX; j < NV; j++)
      largest = __builtin_fmax(largest, fabs(GET(Q[j * NV + j], l)));
    least[l] = PIVOT_CONTROLS * largest;
  }
  V inverse[NU];
  for (int j = 0; j < NU; j++) {
    V *row = Q + (NX + j) * NV;
    V pivot = row[NX + j];
    for (int k = 0; k < j; k++)
      pivot -= row[NX + k] * row[NX + k];
    for (int l = 0; l < LANES; l++) {
      double value = GET(pivot, l);
      if (!(value > least[l])) {
        good[l] = 0.0;
        value = 1.0;
      }
      PUT(inverse[j], l, 1.0 / sqrt(value));
    }
    for (int i = j + 1; i < NU; i++) {
      V *below = Q + (NX + i) * NV;
      V sum = below[NX + j];
      for (int k = 0; k < j; k++)
        sum -= below[NX + k] * row[NX + k];
      below[NX + j] = sum * inverse[j];
    }
    /* the same forward substitution for Q_ux and g_u */
    for (int i = 0; i < NX; i++)
      Y[j * NX + i] = row[i];
    y[j] = g[NX + j];
    for (int k = 0; k < j; k++) {
      V a = row[NX + k];
      for (int i = 0; i < NX; i++)
        Y[j * NX + i] -= a * Y[k * NX + i];
      y[j] -= a * y[k];
    }
    for (int i = 0; i < NX; i++)
      Y[j * NX + i] *= inverse[j];
    y[j] *= inverse[j];
  }
  for (int i = 0; i < NX; i++) {
    for (int j = 0; j <= i; j++)
      P[i * NX + j] = Q[i * NV + j];
    p[i] = g[i];
  }
  for (int k = 0; k < NU; k++)
    for (int i = 0; i < NX; i++) {
      V a = Y[k * NX + i];
      for (int j = 0; j <= i; j++)
        P[i * NX + j] -= a * Y[k * NX + j];
      p[i] -= a * y[k];
    }
  for (int j = NU - 1; j >= 0; j--) {
    for (int i = 0; i < NX; i++)
      s->K[j * NX + i] = -Y[j * NX + i];
    s->ahead[j] = -y[j];
    for (int k = j + 1; k < NU; k++) {
      V a = Q[(NX + k) * NV + NX + j];
      for (int i = 0; i < NX; i++)
        s->K[j * NX + i] -= a * s->K[k * NX + i];
      s->ahead[j] -= a * s->ahead[k];
    }
    for (int i = 0; i < NX; i++)
      s->K[j * NX + i] *= inverse[j];
    s->ahead[j] *= inverse[j];
  }
}

/* The arrival cost: the initial state minimises the value function, in place of dx0. */
static void N(arrive)(const V *P, const V *p, const V *weight, const V *slope, V *dx, double *good)
{
  V L[NX * NX];
  for (int i = 0; i < NX; i++)
    for (int j = 0; j <= i; j++)
      L[i * NX + j] = P[i * NX + j] + weight[i * NX + j];
  double least[LANES];
  for (int l = 0; l < LANES; l++) {
    double largest = 1e-300;
    for (int j = 0; j < NX; j++)
      largest = __builtin_fmax(largest, fabs(GET(L[j * NX + j], l)));
    least[l] = PIVOT_CONTROLS * largest;
  }
  for (int i = 0; i < NX; i++)
    dx[i] = -(p[i] + slope[i]);
  for (int j = 0; j < NX; j++) {
    for (int k = 0; k < j; k++)
      L[j * NX + j] -= L[j * NX + k] * L[j * NX + k];
    for (int l = 0; l < LANES; l++)
      if (!(GET(L[j * NX + j], l) > least[l])) {
        good[l] = 0.0;
        PUT(L[j * NX + j], l, 1.0);
      } else
        PUT(L[j * NX + j], l, sqrt(GET(L[j * NX + j], l)));
    for (int i = j + 1; i < NX; i++) {
      for (int k = 0; k < j; k++)
        L[i * NX + j] -= L[i * NX + k] * L[j * NX + k];
      L[i * NX + j] /= L[j * NX + j];
    }
    for (int k = 0; k < j; k++)
      dx[j] -= L[j * NX + k] * dx[k];
    dx[j] /= L[j * NX + j];
  }
  for (int j = NX - 1; j >= 0; j--) {
    for (int k = j + 1; k < NX; k++)
      dx[j] -= L[k * NX + j] * dx[k];
    dx[j] /= L[j * NX + j];
  }
}

/* Problems first to last - 1 of a batch. in: t lam G gradient slack_gradient slack_quadratic dF dc H F dx0 mu shift weight slope (the last two
   null where the initial state is given); out: x0 u w s t lam y, and flags[problem]: 1 good, 0 wrong inertia, -1 dynamics not solvable. */
void N(direction)(long n, long batch, long first, long last, const double *const *in, double *const *out, double *flags, double *work)
{
  N(Stage) *stages = (N(Stage) *)work;
  V *Phi = (V *)(stages + n), *Q = Phi + NZ * NZ;
  for (long b = first; b < last; b += LANES) {
    long used = last - b < LANES ? last - b : LANES, problem[LANES], row[LANES];
    for (int l = 0; l < LANES; l++)
      problem[l] = l < used ? b + l : last - 1;
    double good[LANES], regular[LANES];
    V P[NX * NX], p[NX], mu, shift;
    for (int l = 0; l < LANES; l++) {
      good[l] = regular[l] = 1.0;
      PUT(mu, l, in[11][problem[l]]);
      PUT(shift, l, in[12][problem[l]]);
    }
    for (int i = 0; i < NX * NX; i++)
      P[i] = (V){0};
    for (int i = 0; i < NX; i++)
      p[i] = (V){0};
    for (long k = n - 1; k >= 0; k--) {
      V t[M + 1], lam[M + 1], G[M + 1], phi[NZ], sg[NS + 1], sq[NS + 1], dF[NF], dc[NDC + 1], H[NH + 1], F[NX];
      for (int l = 0; l < LANES; l++)
        row[l] = k * batch + problem[l];
      N(get)(t, in[0], M, row), N(get)(lam, in[1], M, row), N(get)(G, in[2], M, row), N(get)(phi, in[3], NZ, row);
      N(get)(sg, in[4], NS, row), N(get)(sq, in[5], NS, row), N(get)(dF, in[6], NF, row), N(get)(dc, in[7], NDC, row);
      N(get)(H, in[8], NH, row), N(get)(F, in[9], NX, row);
      N(condense)(Phi, phi, stages + k, t, lam, G, sg, sq, dc, H, mu, shift);
      N(backward)(Phi, phi, Q, stages + k, dF, F, P, p, good, regular);
    }
    V dz[NZ];
    if (in[13]) {
      V weight[NX * NX], slope[NX];
      N(get)(weight, in[13], NX * NX, problem), N(get)(slope, in[14], NX, problem);
      N(arrive)(P, p, weight, slope, dz, good);
    } else
      N(get)(dz, in[10], NX, problem);
    N(set)(out[0], dz, NX, problem, used);
    for (long k = 0; k < n; k++) {
      const N(Stage) *s = stages + k;
      V t[M + 1], lam[M + 1], G[M + 1], dc[NDC + 1], *du = dz + NX, *dw = dz + NV, dy[NX], ds[NS + 1], along[M + 1], pull[NX];
      for (int l = 0; l < LANES; l++)
        row[l] = k * batch + problem[l];
      N(get)(t, in[0], M, row), N(get)(lam, in[1], M, row), N(get)(G, in[2], M, row), N(get)(dc, in[7], NDC, row);
      for (int i = 0; i < NU; i++) {
        du[i] = s->ahead[i];
        for (int j = 0; j < NX; j++)
          du[i] += s->K[i * NX + j] * dz[j];
      }
      for (int i = 0; i < NX; i++) {
        dw[i] = s->off[i];
        for (int j = 0; j < NV; j++)
          dw[i] += s->T[i * NV + j] * dz[j];
      }
      for (int i = 0; i < NX; i++) {
        pull[i] = s->slope[i];
        for (int j = 0; j < NX; j++)
          pull[i] += s->Pw[i * NX + j] * dw[j];
      }
      for (int i = 0; i < NWV; i++)
        pull[WV_ROW[i]] += s->wv[i] * dz[WV_COL[i]];
      for (int i = 0; i < NX; i++) {
        dy[i] = (V){0};
        for (int j = 0; j < NX; j++)
          dy[i] -= s->W[j * NX + i] * pull[j];
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
        dz[i] = dw[i];
    }
    for (int l = 0; l < used; l++)
      flags[b + l] = regular[l] > 0.0 ? good[l] : -1.0;
  }
}
#undef V
#undef PHI
#undef PUT
#undef GET
