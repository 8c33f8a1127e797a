/* A chilled-water plant as a vendor might sell it: an FMU for co-simulation, FMI 2.0, written by hand for the tests and by no exporter.

   Names, units and structure are not ours: degC, kW, %, l/s; counts are integers, the enable signal is boolean. It can be told to fail. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT __attribute__((visibility("default")))
typedef void (*logger)(void *, const char *, int, const char *, const char *, ...);
typedef struct { logger log; void *a, *b, *c, *environment; } callbacks;

enum { SET_CHW, SET_CW, SPEED, LOAD, WET_BULB, SUPPLY, BACK, CW_SUPPLY, CW_BACK, FLOW, P_CHILLER, P_FAN, P_PUMPS, Q_CHILLER, Q_TOWER, FAN, HEAT,
       UNUSED, FAIL_AT, N };
enum { ENABLE = 0, FAIL_STATUS = 1 };
typedef struct { double v[N], t; int enable, fail_status; const callbacks *cb; char name[64]; } plant;

static const double start[N] = {7.0, 22.0, 100.0, 500.0, 15.0, 7.0, 12.0, 22.0, 27.0};

OUT const char *fmi2GetTypesPlatform(void) { return "default"; }
OUT const char *fmi2GetVersion(void) { return "2.0"; }
OUT int fmi2SetDebugLogging(void *c, int on, size_t n, const char *const k[]) { (void)c, (void)on, (void)n, (void)k; return 0; }

OUT int fmi2Reset(void *c)
{
  plant *m = c;
  memcpy(m->v, start, sizeof start);
  m->v[FAIL_AT] = 1e30;
  m->enable = 1, m->fail_status = 3, m->t = 0.0;
  return 0;
}

OUT void *fmi2Instantiate(const char *name, int type, const char *guid, const char *where, const callbacks *cb, int visible, int logging)
{
  (void)type, (void)where, (void)visible, (void)logging;
  if (strcmp(guid, "vendor-1"))
    return NULL;
  plant *m = calloc(1, sizeof *m);
  m->cb = cb;
  snprintf(m->name, sizeof m->name, "%s", name);
  fmi2Reset(m);
  return m;
}

OUT void fmi2FreeInstance(void *c) { free(c); }
OUT int fmi2SetupExperiment(void *c, int a, double tol, double t, int b, double stop) { (void)a, (void)tol, (void)b, (void)stop; ((plant *)c)->t = t; return 0; }
OUT int fmi2EnterInitializationMode(void *c) { (void)c; return 0; }
OUT int fmi2ExitInitializationMode(void *c) { (void)c; return 0; }
OUT int fmi2Terminate(void *c) { (void)c; return 0; }

OUT int fmi2GetReal(void *c, const unsigned r[], size_t n, double v[]) { for (size_t k = 0; k < n; k++) v[k] = ((plant *)c)->v[r[k]]; return 0; }
OUT int fmi2SetReal(void *c, const unsigned r[], size_t n, const double v[]) { for (size_t k = 0; k < n; k++) ((plant *)c)->v[r[k]] = v[k]; return 0; }
OUT int fmi2GetBoolean(void *c, const unsigned r[], size_t n, int v[]) { (void)r; for (size_t k = 0; k < n; k++) v[k] = ((plant *)c)->enable; return 0; }
OUT int fmi2SetBoolean(void *c, const unsigned r[], size_t n, const int v[]) { (void)r; for (size_t k = 0; k < n; k++) ((plant *)c)->enable = v[k]; return 0; }
OUT int fmi2GetInteger(void *c, const unsigned r[], size_t n, int v[]) { (void)r; for (size_t k = 0; k < n; k++) v[k] = ((plant *)c)->fail_status; return 0; }
OUT int fmi2SetInteger(void *c, const unsigned r[], size_t n, const int v[]) { (void)r; for (size_t k = 0; k < n; k++) ((plant *)c)->fail_status = v[k]; return 0; }

/* Four mixed volumes, explicit Euler steps of a second, powers and flows of heat as means over the step. */
OUT int fmi2DoStep(void *c, double t, double h, int no)
{
  plant *m = c;
  double *v = m->v, chiller = 0.0, fan = 0.0, cooled = 0.0, rejected = 0.0, y = 0.0;
  const double cp = 4.186, C = 6000.0; /* kJ/(kg K), kJ/K */
  (void)no;
  if (t + h > v[FAIL_AT]) {
    m->cb->log(m->cb->environment, m->name, m->fail_status, "error", "compressor %d tripped", 2);
    return m->fail_status;
  }
  const int steps = (int)ceil(h);
  const double dt = h / steps, flow = 45.0 * v[SPEED] / 100.0, cw = 62.0, pumps = 9.0 * pow(v[SPEED] / 100.0, 3.0) + 12.0;
  for (int k = 0; k < steps; k++) {
    double Q = flow * cp * (v[BACK] - v[SET_CHW]), P, T;
    Q = m->enable ? fmin(fmax(Q, 0.0), 1400.0) : 0.0;
    P = Q / 5.5;
    y = fmin(fmax(0.3 + 0.4 * (v[CW_SUPPLY] - v[SET_CW]), 0.05), 1.0);
    T = 110.0 * pow(y, 0.6) * (v[CW_BACK] - v[WET_BULB]);
    const double there = flow * cp * (v[SUPPLY] - v[BACK]), cond = cw * cp * (v[CW_SUPPLY] - v[CW_BACK]);
    const double d_back = (v[LOAD] + there) / C, d_supply = (-there - Q) / C, d_cw_back = (cond + Q + P) / C, d_cw = (-cond - T) / C;
    v[BACK] += dt * d_back, v[SUPPLY] += dt * d_supply, v[CW_BACK] += dt * d_cw_back, v[CW_SUPPLY] += dt * d_cw;
    chiller += P / steps, cooled += Q / steps, rejected += T / steps, fan += 18.0 * y * y * y / steps;
  }
  v[FLOW] = flow, v[P_CHILLER] = chiller, v[P_FAN] = fan, v[P_PUMPS] = pumps, v[Q_CHILLER] = cooled, v[Q_TOWER] = rejected, v[FAN] = 100.0 * y;
  v[HEAT] = C * (v[SUPPLY] + v[BACK] + v[CW_SUPPLY] + v[CW_BACK]);
  m->t = t + h;
  return 0;
}

#define NONE(name, ...) OUT int name(void *c, __VA_ARGS__) { (void)c; return 3; }
NONE(fmi2GetString, const unsigned r[], size_t n, const char *v[])
NONE(fmi2SetString, const unsigned r[], size_t n, const char *const v[])
NONE(fmi2GetFMUstate, void **s)
NONE(fmi2SetFMUstate, void *s)
NONE(fmi2FreeFMUstate, void **s)
NONE(fmi2SerializedFMUstateSize, void *s, size_t *n)
NONE(fmi2SerializeFMUstate, void *s, char b[], size_t n)
NONE(fmi2DeSerializeFMUstate, const char b[], size_t n, void **s)
NONE(fmi2GetDirectionalDerivative, const unsigned a[], size_t n, const unsigned b[], size_t k, const double d[], double e[])
NONE(fmi2SetRealInputDerivatives, const unsigned r[], size_t n, const int o[], const double v[])
NONE(fmi2GetRealOutputDerivatives, const unsigned r[], size_t n, const int o[], double v[])
NONE(fmi2GetStatus, int k, int *v)
NONE(fmi2GetRealStatus, int k, double *v)
NONE(fmi2GetIntegerStatus, int k, int *v)
NONE(fmi2GetBooleanStatus, int k, int *v)
NONE(fmi2GetStringStatus, int k, const char **v)
OUT int fmi2CancelStep(void *c) { (void)c; return 3; }
