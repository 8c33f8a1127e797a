/* Measures of points and directions, problem by problem; see measures.py. Arrays are [stage][problem][component], results [problem].
   What is not a number makes its result not a number: sums of 0 * v see to it where only the largest is kept. */
#define ROW(array, n) ((array) + (k * batch + b) * (n))

static inline double larger(double a, double b)
{
  return b > a ? b : a;
}

/* in: c u w s u_low u_high w_low w_high; out: G */
void stack(long rows, const double *const *in, double *G)
{
  for (long r = 0; r < rows; r++) {
    const double *c = in[0] + r * NC, *u = in[1] + r * NU, *w = in[2] + r * NX, *s = in[3] + r * NS;
    double *g = G + r * M;
    for (int i = 0; i < NC; i++)
      g[i] = SLACK[i] < 0 ? c[i] : c[i] - s[SLACK[i]];
    g += NC;
    for (int i = 0; i < NUL; i++)
      g[i] = in[4][r * NUL + i] - u[B_OF[i]];
    g += NUL;
    for (int i = 0; i < NUH; i++)
      g[i] = u[B_OF[NUL + i]] - in[5][r * NUH + i];
    g += NUH;
    for (int i = 0; i < NWL; i++)
      g[i] = in[6][r * NWL + i] - w[B_OF[NUL + NUH + i]];
    g += NWL;
    for (int i = 0; i < NWH; i++)
      g[i] = w[B_OF[NUL + NUH + NWL + i]] - in[7][r * NWH + i];
    g += NWH;
    for (int i = 0; i < NS; i++)
      g[i] = -s[i];
  }
}

/* in: t lam G y F gradient slack_linear slack_quadratic s x0 mean weight (null where the initial state is given);
   out: slack_gradient, then by problem infeasibility, stationarity, largest and smallest product, sum of all multipliers' sizes, sum of products */
void residuals(long n, long batch, const double *const *in, double *const *out)
{
  for (long b = 0; b < batch; b++) {
    double off = 0.0, worst = 0.0, most = M ? -1e300 : 0.0, least = M ? 1e300 : 0.0, total = 0.0, sum = 0.0, broken = 0.0;
    for (long k = 0; k < n; k++) {
      const double *t = ROW(in[0], M), *lam = ROW(in[1], M), *G = ROW(in[2], M), *y = ROW(in[3], NX), *F = ROW(in[4], NX);
      const double *g = ROW(in[5], NZ), *a = ROW(in[6], NS), *q = ROW(in[7], NS), *s = ROW(in[8], NS), *next = g + batch * NZ;
      double z[NZ], *slack = ROW(out[0], NS);
#pragma omp simd reduction(max:off,most) reduction(min:least) reduction(+:total,sum,broken)
      for (int i = 0; i < M; i++) {
        double r = fabs(G[i] + t[i]), product = t[i] * lam[i];
        off = r > off ? r : off;
        most = product > most ? product : most;
        least = product < least ? product : least;
        total += fabs(lam[i]);
        sum += product;
        broken += 0.0 * r;
      }
      for (int i = 0; i < NX; i++) {
        off = larger(off, fabs(F[i]));
        total += fabs(y[i]);
        broken += 0.0 * (F[i] + y[i]);
      }
      for (int i = NX; i < NZ; i++)
        z[i] = g[i];
      if (k + 1 < n)
        for (int i = 0; i < NX; i++)
          z[NV + i] += next[i];
      for (int i = 0; i < NB; i++)
        z[B_Z[i]] += B_SIGN[i] * lam[NC + i];
      for (int i = NX; i < NZ; i++) {
        worst = larger(worst, fabs(z[i]));
        broken += 0.0 * z[i];
      }
      for (int i = 0; i < NS; i++)
        slack[i] = a[i] + 2.0 * q[i] * s[i] - lam[AT_S + i];
      for (int i = 0; i < NC; i++)
        if (SLACK[i] >= 0)
          slack[SLACK[i]] -= lam[i];
      for (int i = 0; i < NS; i++) {
        worst = larger(worst, fabs(slack[i]));
        broken += 0.0 * slack[i];
      }
    }
    const double *x0 = in[9] + b * NX, *mean = in[10] + b * NX, *weight = in[11] ? in[11] + b * NX * NX : 0, *g = in[5] + b * NZ;
    for (int i = 0; i < NX; i++) {
      if (!weight) {
        off = larger(off, fabs(x0[i] - mean[i]));
        continue;
      }
      double pull = g[i];
      for (int j = 0; j < NX; j++)
        pull += weight[i * NX + j] * (x0[j] - mean[j]);
      worst = larger(worst, fabs(pull));
      broken += 0.0 * pull;
    }
    out[1][b] = off + broken, out[2][b] = worst + broken, out[3][b] = most, out[4][b] = least, out[5][b] = total, out[6][b] = sum;
  }
}

/* Largest relative fall of distances and of multipliers. in: t dt lam dlam; out: two by problem */
void falls(long n, long batch, const double *const *in, double *const *out)
{
  for (long b = 0; b < batch; b++) {
    double fast = 0.0, dual = 0.0, broken = 0.0;
    for (long k = 0; k < n; k++) {
      const double *t = ROW(in[0], M), *dt = ROW(in[1], M), *lam = ROW(in[2], M), *dlam = ROW(in[3], M);
#pragma omp simd reduction(max:fast,dual) reduction(+:broken)
      for (int i = 0; i < M; i++) {
        double one = -dt[i] / t[i], two = -dlam[i] / lam[i];
        fast = one > fast ? one : fast;
        dual = two > dual ? two : dual;
        broken += 0.0 * (one + two);
      }
    }
    out[0][b] = fast + broken, out[1][b] = dual + broken;
  }
}

/* in: t G F cost slack_linear slack_quadratic s; out by problem: theta, cost, sum of logarithms */
void merit(long n, long batch, const double *const *in, double *const *out)
{
  for (long b = 0; b < batch; b++) {
    double theta = 0.0, cost = 0.0, barrier = 0.0;
    for (long k = 0; k < n; k++) {
      const double *t = ROW(in[0], M), *G = ROW(in[1], M), *F = ROW(in[2], NX), *a = ROW(in[4], NS), *q = ROW(in[5], NS), *s = ROW(in[6], NS);
#pragma omp simd reduction(+:theta,barrier)
      for (int i = 0; i < M; i++) {
        theta += fabs(G[i] + t[i]);
        barrier += log(t[i]);
      }
      for (int i = 0; i < NX; i++)
        theta += fabs(F[i]);
      for (int i = 0; i < NS; i++)
        cost += (a[i] + q[i] * s[i]) * s[i];
      cost += in[3][k * batch + b];
    }
    out[0][b] = theta, out[1][b] = cost, out[2][b] = barrier;
  }
}

/* in: slope t dt s ds slack_linear slack_quadratic x0 u w (of the direction); out by problem: derivative of cost and of the logarithms */
void slope(long n, long batch, const double *const *in, double *const *out)
{
  for (long b = 0; b < batch; b++) {
    double cost = 0.0, barrier = 0.0;
    const double *x = in[7] + b * NX;
    for (long k = 0; k < n; k++) {
      const double *g = ROW(in[0], NZ), *t = ROW(in[1], M), *dt = ROW(in[2], M), *s = ROW(in[3], NS), *ds = ROW(in[4], NS);
      const double *a = ROW(in[5], NS), *q = ROW(in[6], NS), *u = ROW(in[8], NU), *w = ROW(in[9], NX);
#pragma omp simd reduction(+:barrier)
      for (int i = 0; i < M; i++)
        barrier += dt[i] / t[i];
      for (int i = 0; i < NX; i++)
        cost += g[i] * x[i] + g[NV + i] * w[i];
      for (int i = 0; i < NU; i++)
        cost += g[NX + i] * u[i];
      for (int i = 0; i < NS; i++)
        cost += (a[i] + 2.0 * q[i] * s[i]) * ds[i];
      x = w;
    }
    out[0][b] = cost, out[1][b] = barrier;
  }
}

/* to = from + length * along for u w s t lam y: multipliers of inequalities have a length of their own */
void moved(long n, long batch, const double *const *from, const double *const *along, const double *primal, const double *dual, double *const *to)
{
  static const long size[] = {NU, NX, NS, M, M, NX};
  for (int v = 0; v < 6; v++)
    for (long k = 0; k < n; k++)
      for (long b = 0; b < batch; b++) {
        const double *f = ROW(from[v], size[v]), *d = ROW(along[v], size[v]);
        double *r = ROW(to[v], size[v]), a = v == 4 ? dual[b] : primal[b];
        for (long i = 0; i < size[v]; i++)
          r[i] = f[i] + a * d[i];
      }
}
