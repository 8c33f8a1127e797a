/* Small matrices of LANES problems at a time, which direction.c is made of: inverses and corrected Cholesky factors; see riccati.py. A V
   holds one number of every problem. This file and direction.c are compiled together, once for each number of lanes. */
#if LANES == 1
typedef double N(V);
#define PUT(v, l, value) ((v) = (value))
#define GET(v, l) (v)
#define PADDED(n) (((n) + 7) / 8 * 8) /* rows are vectors here */
#define FROM(i) ((i) / 8 * 8)
#else
typedef double N(V) __attribute__((vector_size(8 * LANES), aligned(8)));
#define PUT(v, l, value) (((double *)&(v))[l] = (value))
#define GET(v, l) (((const double *)&(v))[l])
#define PADDED(n) (n)
#define FROM(i) (i)
#endif
#define V N(V)
#define XP PADDED(NX)

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
static V N(invert)(V *restrict a)
{
  V worst;
  for (int l = 0; l < LANES; l++)
    PUT(worst, l, 1.0);
  for (int k = 0; k < NX; k++) {
    V row[XP];
    for (int j = 0; j < XP; j++)
      row[j] = a[k * XP + j];
    for (int l = 0; l < LANES; l++) {
      double pivot = fabs(GET(row[k], l)), largest = 0.0;
      for (int j = 0; j < NX; j++)
        largest = __builtin_fmax(largest, fabs(GET(row[j], l)));
      double ratio = largest > 0.0 ? pivot / largest : 0.0;
      if (!(ratio > GET(worst, l)))
        PUT(worst, l, ratio);
    }
    V inverse = 1.0 / row[k];
    for (int j = 0; j < XP; j++)
      row[j] *= inverse;
    row[k] = inverse;
    for (int i = 0; i < NX; i++) {
      V factor = a[i * XP + k];
      a[i * XP + k] = (V){0};
      for (int j = 0; j < XP; j++)
        a[i * XP + j] -= factor * row[j];
    }
    for (int j = 0; j < XP; j++)
      a[k * XP + j] = row[j];
  }
  return worst;
}

/* A positive pivot for row j of a matrix of `steps` rows (upper triangle): the row's own, or one turned round; see riccati.py. */
static inline V N(pivot)(const V *row, int j, int steps, const V *scale, double *convex)
{
  V result = row[j];
  for (int l = 0; l < LANES; l++) {
    double value = GET(result, l), own = GET(scale[j], l);
    if (value > PIVOT_CONTROLS * own)
      continue;
    double turned = fabs(value);
    for (int i = j + 1; i < steps; i++) {
      double beside = GET(row[i], l) * GET(row[i], l) / GET(scale[i], l);
      turned = beside > turned ? beside : turned;
    }
    turned = REPLACED * own > turned ? REPLACED * own : turned;
    convex[l] = 0.0;
    PUT(result, l, value == value ? turned : value);
  }
  return result;
}

/* Sizes of the rows of a matrix: of their diagonal entries as they are before elimination. */
static inline void N(sizes)(const V *Q, int steps, int width, V *scale)
{
  for (int l = 0; l < LANES; l++) {
    double largest = 0.0;
    for (int j = 0; j < steps; j++) {
      double own = fabs(GET(Q[j * width + j], l));
      PUT(scale[j], l, own);
      largest = own > largest ? own : largest;
    }
    double least = SMALLEST_SCALE * largest > 1e-300 ? SMALLEST_SCALE * largest : 1e-300;
    for (int j = 0; j < steps; j++)
      if (!(GET(scale[j], l) > least))
        PUT(scale[j], l, least);
  }
}

/* Eliminate the first `steps` rows of a symmetric matrix (upper triangle, rows of `width`), its last column being a right side: their rows
   become those of the Cholesky factor, the rest the Schur complement. */
static void N(eliminate)(V *restrict Q, int steps, int size, int width, double *convex)
{
  V scale[NU + 1];
  N(sizes)(Q, steps, width, scale);
  for (int j = 0; j < steps; j++) {
    V *restrict row = Q + j * width;
    V inverse;
    row[j] = N(pivot)(row, j, steps, scale, convex);
    for (int l = 0; l < LANES; l++)
      PUT(inverse, l, 1.0 / sqrt(GET(row[j], l)));
    for (int k = FROM(j); k < width; k++)
      row[k] *= inverse;
    for (int i = j + 1; i < size; i++) {
      V factor = row[i], *restrict below = Q + i * width;
      for (int k = FROM(i); k < width; k++)
        below[k] -= factor * row[k];
    }
  }
}
