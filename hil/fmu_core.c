/* The instance behind both versions of the interface: values, modes, steps, states. Everything before this text is printed for one plant;
   what follows it translates the calls of one version into those below.

   All variables are 64-bit reals and their value references count through one array:
   time | step_max | actuators | disturbances | states | outputs. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

enum { AT_TIME, AT_STEP_MAX, AT_U, AT_D = AT_U + NU, AT_X = AT_D + ND, AT_Y = AT_X + NX, N_VALUES = AT_Y + NY };
enum mode { INSTANTIATED, INITIALISING, STEPPING, TERMINATED };
static const char *const mode_names[] = {"instantiated", "initialisation", "step", "terminated"};
enum status { OK, WARNING, DISCARD, ERROR, FATAL }; /* numbered alike in FMI 2 and 3 */

/* All that a snapshot must hold; plain data, so that its bytes are its serialised form. */
struct state {
  double values[N_VALUES], fluxes[NF], stop;
  int mode, has_stop, stale;
};

struct instance {
  struct state now;
  void *environment;
  void (*log)(struct instance *, enum status, const char *category, const char *text);
  const void *callbacks;        /* of the caller, FMI 2 */
  void (*log_of_caller)(void);  /* of the caller, FMI 3; cast back before it is called */
  char *name;
  double work[WORK_DOUBLES];
};

static enum status complain(struct instance *m, enum status status, const char *form, ...)
{
  char text[512];
  va_list arguments;
  va_start(arguments, form);
  vsnprintf(text, sizeof text, form, arguments);
  va_end(arguments);
  if (m && m->log)
    m->log(m, status, status == DISCARD ? "logStatusDiscard" : "logStatusError", text);
  return status;
}

static enum status start_values(struct instance *m)
{
  memset(&m->now, 0, sizeof m->now);
  memcpy(m->now.values + AT_STEP_MAX, start, sizeof start);
  m->now.mode = INSTANTIATED;
  m->now.stale = 1;
  return OK;
}

static struct instance *new_instance(const char *name, const char *token, const char **fault)
{
  *fault = NULL;
  if (!name || !*name)
    *fault = "the instance name is empty";
  else if (!token || strcmp(token, TOKEN))
    *fault = "the GUID or instantiation token is not that of this FMU: modelDescription.xml and binary do not belong together";
  if (*fault)
    return NULL;
  struct instance *m = calloc(1, sizeof *m);
  char *copy = m ? malloc(strlen(name) + 1) : NULL;
  if (!copy) {
    *fault = "out of memory";
    free(m);
    return NULL;
  }
  m->name = strcpy(copy, name);
  start_values(m);
  return m;
}

static void free_instance(struct instance *m)
{
  if (m)
    free(m->name);
  free(m);
}

static enum status expect(struct instance *m, const char *call, enum mode mode)
{
  return m->now.mode == (int)mode ? OK : complain(m, ERROR, "%s is not allowed in %s mode", call, mode_names[m->now.mode]);
}

/* There are no variables of types other than 64-bit real: nothing of them can be read or set, and reading none is no error. */
static enum status absent(struct instance *m, size_t n, const char *what)
{
  return n ? complain(m, ERROR, "this FMU has no %s variables", what) : OK;
}

/* Before the first step outputs belong to the instant; after it they are kept from the step that ended. */
static void refresh(struct instance *m)
{
  double *v = m->now.values;
  if (!m->now.stale)
    return;
  plant_fluxes(v + AT_X, v + AT_U, v + AT_D, m->now.fluxes);
  plant_outputs(v + AT_X, v + AT_U, v + AT_D, m->now.fluxes, v + AT_Y);
  m->now.stale = 0;
}

static enum status get_values(struct instance *m, const unsigned *vr, size_t n, double *to)
{
  for (size_t k = 0; k < n; k++)
    if (vr[k] >= N_VALUES)
      return complain(m, ERROR, "value reference %u: this FMU has 0 to %d", vr[k], N_VALUES - 1);
  if (m->now.mode == INITIALISING)
    refresh(m);
  for (size_t k = 0; k < n; k++)
    to[k] = m->now.values[vr[k]];
  return OK;
}

static enum status set_values(struct instance *m, const unsigned *vr, size_t n, const double *from)
{
  for (size_t k = 0; k < n; k++) {
    int at = vr[k] < N_VALUES ? (int)vr[k] : N_VALUES, input = at >= AT_U && at < AT_X, state = at >= AT_X && at < AT_Y;
    if (at == N_VALUES)
      return complain(m, ERROR, "value reference %u: this FMU has 0 to %d", vr[k], N_VALUES - 1);
    if (at == AT_TIME || at >= AT_Y)
      return complain(m, ERROR, "value reference %u is %s and cannot be set", vr[k], at == AT_TIME ? "time" : "an output");
    if (state && m->now.mode > INITIALISING)
      return complain(m, ERROR, "value reference %u is a state: it can be set before and during initialisation only", vr[k]);
    if (at == AT_STEP_MAX && m->now.mode > INITIALISING)
      return complain(m, ERROR, "step_max can be set before and during initialisation only");
    if (m->now.mode == TERMINATED)
      return complain(m, ERROR, "values cannot be set in terminated mode");
    if (!isfinite(from[k]))
      return complain(m, ERROR, "value reference %u (%s) = %g: must be finite", vr[k], input ? "an input" : "a start value", from[k]);
    if (at == AT_STEP_MAX && !(from[k] > 0.0))
      return complain(m, ERROR, "step_max = %g s: must be above 0", from[k]);
  }
  for (size_t k = 0; k < n; k++)
    m->now.values[vr[k]] = from[k];
  if (m->now.mode <= INITIALISING)
    m->now.stale = 1;
  return OK;
}

static enum status begin(struct instance *m, const char *call, double t, int has_stop, double stop)
{
  const enum status s = expect(m, call, INSTANTIATED);
  if (s)
    return s;
  if (!isfinite(t) || (has_stop && !(stop > t)))
    return complain(m, ERROR, "start time = %g s, stop time = %g s: must be finite, and stop after start", t, stop);
  m->now.values[AT_TIME] = t;
  m->now.has_stop = has_stop;
  m->now.stop = stop;
  return OK;
}

/* From one mode into the next. */
static enum status change_mode(struct instance *m, const char *call, enum mode from, enum mode to)
{
  const enum status s = expect(m, call, from);
  if (s)
    return s;
  if (to == STEPPING)
    refresh(m);
  m->now.mode = to;
  return OK;
}

/* One communication step: equal steps of at most step_max, inputs held, fluxes averaged. */
static enum status do_step(struct instance *m, const char *call, double t, double h)
{
  const enum status s = expect(m, call, STEPPING);
  if (s)
    return s;
  double *v = m->now.values, x[NX], part[NF], sum[NF] = {0.0};
  const double slack = 1e-9 * (1.0 + fabs(v[AT_TIME]) + fabs(h));
  if (fabs(t - v[AT_TIME]) > slack)
    return complain(m, ERROR, "communication point %.9g s: the last step ended at %.9g s", t, v[AT_TIME]);
  if (!(h > 0.0) || !isfinite(h))
    return complain(m, ERROR, "communication step size = %g s: must be above 0", h);
  if (m->now.has_stop && t + h > m->now.stop + slack)
    return complain(m, ERROR, "the step to %.9g s ends after the stop time, %.9g s", t + h, m->now.stop);
  const double n = ceil(h / v[AT_STEP_MAX] - 1e-9), steps = n < 1.0 ? 1.0 : n;
  if (steps > STEPS_MAX)
    return complain(m, DISCARD, "communication step size = %g s: %.0f steps of step_max = %g s, at most %.0f are made", h, steps,
                    v[AT_STEP_MAX], (double)STEPS_MAX);
  memcpy(x, v + AT_X, sizeof x);
  for (double k = 0.0; k < steps; k++) {
    plant_step(h / steps, v + AT_U, v + AT_D, x, part, m->work);
    for (int j = 0; j < NF; j++)
      sum[j] += part[j] / steps;
  }
  for (int j = 0; j < NX; j++)
    if (!isfinite(x[j]))
      return complain(m, DISCARD, "the step from %.9g s by %g s leaves the range of the equations; state %d is not finite", t, h, j + 1);
  memcpy(v + AT_X, x, sizeof x);
  memcpy(m->now.fluxes, sum, sizeof sum);
  plant_outputs(v + AT_X, v + AT_U, v + AT_D, m->now.fluxes, v + AT_Y);
  v[AT_TIME] = t + h;
  return OK;
}

static enum status keep(struct instance *m, void **snapshot)
{
  if (!*snapshot)
    *snapshot = malloc(sizeof m->now);
  if (!*snapshot)
    return complain(m, ERROR, "out of memory");
  memcpy(*snapshot, &m->now, sizeof m->now);
  return OK;
}

static enum status restore(struct instance *m, const void *snapshot)
{
  if (!snapshot)
    return complain(m, ERROR, "there is no such FMU state");
  memcpy(&m->now, snapshot, sizeof m->now);
  return OK;
}

static enum status release(void **snapshot)
{
  if (snapshot) {
    free(*snapshot);
    *snapshot = NULL;
  }
  return OK;
}

/* A serialised state: the token, so that no other FMU takes it, then the bytes of the state. */
#define SERIALISED (sizeof TOKEN + sizeof(struct state))

static enum status serialised_size(size_t *size)
{
  *size = SERIALISED;
  return OK;
}

static enum status serialise(struct instance *m, const void *snapshot, unsigned char *bytes, size_t size)
{
  if (!snapshot || size < SERIALISED)
    return complain(m, ERROR, "%zu bytes for a state: %zu are needed", size, SERIALISED);
  memcpy(bytes, TOKEN, sizeof TOKEN);
  memcpy(bytes + sizeof TOKEN, snapshot, sizeof(struct state));
  return OK;
}

static enum status deserialise(struct instance *m, const unsigned char *bytes, size_t size, void **snapshot)
{
  if (size != SERIALISED || memcmp(bytes, TOKEN, sizeof TOKEN))
    return complain(m, ERROR, "these bytes are no state of this FMU");
  if (!*snapshot)
    *snapshot = malloc(sizeof(struct state));
  if (!*snapshot)
    return complain(m, ERROR, "out of memory");
  memcpy(*snapshot, bytes + sizeof TOKEN, sizeof(struct state));
  return OK;
}
