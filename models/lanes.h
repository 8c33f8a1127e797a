/* LANES problems or plants at a time: macros of printed functions, and the way between a caller's [row][component] and [component][lane]. */
#ifndef INFINITY
#define INFINITY __builtin_inf()
#define NAN __builtin_nan("")
#endif
#define TILE 8
#define EACH_LANE _Pragma("omp simd") for (int l = 0; l < LANES; l++)

/* Declared here and not by math.h, so that the vector versions of the C library can be asked for. */
#ifdef VECTOR_MATH
#define VECTOR __attribute__((simd("notinbranch")))
#else
#define VECTOR
#endif
VECTOR extern double exp(double);
VECTOR extern double log(double);
VECTOR extern double expm1(double);
VECTOR extern double log1p(double);
VECTOR extern double sin(double);
VECTOR extern double cos(double);
VECTOR extern double tanh(double);
VECTOR extern double acos(double);
VECTOR extern double pow(double, double);
extern double sqrt(double);
extern double fabs(double);
extern double floor(double);
extern double ceil(double);
extern double copysign(double, double);
/* Rare, and without vector versions in older libraries. */
extern double tan(double);
extern double asin(double);
extern double atan(double);
extern double sinh(double);
extern double cosh(double);
extern double asinh(double);
extern double acosh(double);
extern double atanh(double);
extern double atan2(double, double);
extern double hypot(double, double);
extern double fmod(double, double);

static void gather(long n, const double *restrict rows, const long *restrict row, double *restrict lanes)
{
  for (long k = 0; k < n; k++)
    for (int l = 0; l < LANES; l++)
      lanes[k * LANES + l] = rows[row[l] * n + k];
}

static void scatter(long n, long used, const double *restrict lanes, const long *restrict row, double *restrict rows)
{
  long k = 0;
  for (; k + TILE <= n; k += TILE) /* tile by tile, so that reads and writes both stay near */
    for (int l = 0; l < used; l++) {
      double *to = rows + row[l] * n + k;
      const double *from = lanes + k * LANES + l;
      for (int j = 0; j < TILE; j++)
        to[j] = from[j * LANES];
    }
  for (; k < n; k++)
    for (int l = 0; l < used; l++)
      rows[row[l] * n + k] = lanes[k * LANES + l];
}
