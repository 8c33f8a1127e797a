/* Co-simulation of FMI 2.0, written from its specification. */
typedef struct instance *component;
typedef int boolean2;
typedef void (*logger2)(void *, const char *, enum status, const char *, const char *, ...);
struct callbacks2 {
  logger2 logger;
  void *(*allocate)(size_t, size_t);
  void (*release)(void *);
  void (*finished)(void *, enum status);
  void *environment;
};

static void log2_(struct instance *m, enum status status, const char *category, const char *text)
{
  const struct callbacks2 *c = m->callbacks;
  if (c && c->logger)
    c->logger(c->environment, m->name, status, category, "%s", text);
}

EXPORT const char *fmi2GetTypesPlatform(void) { return "default"; }
EXPORT const char *fmi2GetVersion(void) { return "2.0"; }

EXPORT enum status fmi2SetDebugLogging(component m, boolean2 on, size_t n, const char *const categories[])
{
  (void)n, (void)categories;
  (void)m, (void)on; /* only faults are logged, and those always */
  return OK;
}

EXPORT component fmi2Instantiate(const char *name, int type, const char *guid, const char *resources, const struct callbacks2 *functions,
                                 boolean2 visible, boolean2 logging)
{
  const char *fault;
  struct instance *m = NULL;
  (void)resources, (void)visible, (void)logging;
  if (type != 1)
    fault = "this FMU has no model exchange";
  else
    m = new_instance(name, guid, &fault);
  if (!m) {
    if (functions && functions->logger)
      functions->logger(functions->environment, name ? name : "", ERROR, "logStatusError", "%s", fault);
    return NULL;
  }
  m->callbacks = functions;
  m->log = log2_;
  return m;
}

EXPORT void fmi2FreeInstance(component m) { free_instance(m); }

EXPORT enum status fmi2SetupExperiment(component m, boolean2 has_tolerance, double tolerance, double t, boolean2 has_stop, double stop)
{
  (void)has_tolerance, (void)tolerance;
  return begin(m, __func__, t, has_stop, stop);
}

EXPORT enum status fmi2EnterInitializationMode(component m) { return change_mode(m, __func__, INSTANTIATED, INITIALISING); }
EXPORT enum status fmi2ExitInitializationMode(component m) { return change_mode(m, __func__, INITIALISING, STEPPING); }
EXPORT enum status fmi2Terminate(component m) { return change_mode(m, __func__, STEPPING, TERMINATED); }
EXPORT enum status fmi2Reset(component m) { return start_values(m); }

EXPORT enum status fmi2GetReal(component m, const unsigned vr[], size_t n, double value[]) { return get_values(m, vr, n, value); }
EXPORT enum status fmi2SetReal(component m, const unsigned vr[], size_t n, const double value[]) { return set_values(m, vr, n, value); }

#define ABSENT2(Name, type) \
  EXPORT enum status fmi2Get##Name(component m, const unsigned vr[], size_t n, type value[]) { (void)vr, (void)value; return absent(m, n, #Name); } \
  EXPORT enum status fmi2Set##Name(component m, const unsigned vr[], size_t n, const type value[]) { (void)vr, (void)value; return absent(m, n, #Name); }
ABSENT2(Integer, int)
ABSENT2(Boolean, boolean2)
EXPORT enum status fmi2GetString(component m, const unsigned vr[], size_t n, const char *value[]) { (void)vr, (void)value; return absent(m, n, "String"); }
EXPORT enum status fmi2SetString(component m, const unsigned vr[], size_t n, const char *const value[]) { (void)vr, (void)value; return absent(m, n, "String"); }

EXPORT enum status fmi2GetFMUstate(component m, void **snapshot) { return keep(m, snapshot); }
EXPORT enum status fmi2SetFMUstate(component m, void *snapshot) { return restore(m, snapshot); }
EXPORT enum status fmi2FreeFMUstate(component m, void **snapshot) { (void)m; return release(snapshot); }
EXPORT enum status fmi2SerializedFMUstateSize(component m, void *snapshot, size_t *size) { (void)m, (void)snapshot; return serialised_size(size); }

EXPORT enum status fmi2SerializeFMUstate(component m, void *snapshot, char bytes[], size_t size)
{
  return serialise(m, snapshot, (unsigned char *)bytes, size);
}

EXPORT enum status fmi2DeSerializeFMUstate(component m, const char bytes[], size_t size, void **snapshot)
{
  return deserialise(m, (const unsigned char *)bytes, size, snapshot);
}

EXPORT enum status fmi2GetDirectionalDerivative(component m, const unsigned unknown[], size_t n, const unsigned known[], size_t k,
                                                const double seed[], double sensitivity[])
{
  (void)unknown, (void)n, (void)known, (void)k, (void)seed, (void)sensitivity;
  return complain(m, ERROR, "directional derivatives are not provided");
}

EXPORT enum status fmi2SetRealInputDerivatives(component m, const unsigned vr[], size_t n, const int order[], const double value[])
{
  (void)vr, (void)order, (void)value;
  return n ? complain(m, ERROR, "inputs are held over a step: input derivatives are not taken") : OK;
}

EXPORT enum status fmi2GetRealOutputDerivatives(component m, const unsigned vr[], size_t n, const int order[], double value[])
{
  (void)vr, (void)order, (void)value;
  return n ? complain(m, ERROR, "output derivatives are not provided") : OK;
}

EXPORT enum status fmi2DoStep(component m, double t, double h, boolean2 no_return)
{
  (void)no_return;
  return do_step(m, __func__, t, h);
}

EXPORT enum status fmi2CancelStep(component m) { return complain(m, ERROR, "steps are never pending: there is none to cancel"); }

/* Asked for after fmi2Discard or fmi2Pending. */
EXPORT enum status fmi2GetStatus(component m, int kind, enum status *value)
{
  (void)kind, (void)value;
  return complain(m, DISCARD, "steps are never pending");
}

EXPORT enum status fmi2GetRealStatus(component m, int kind, double *value)
{
  if (kind != 2)
    return complain(m, DISCARD, "no such status");
  *value = m->now.values[AT_TIME];
  return OK;
}

EXPORT enum status fmi2GetIntegerStatus(component m, int kind, int *value)
{
  (void)kind, (void)value;
  return complain(m, DISCARD, "no such status");
}

EXPORT enum status fmi2GetBooleanStatus(component m, int kind, boolean2 *value)
{
  if (kind != 3)
    return complain(m, DISCARD, "no such status");
  *value = 0; /* it never asks to end the simulation */
  return OK;
}

EXPORT enum status fmi2GetStringStatus(component m, int kind, const char **value)
{
  (void)kind, (void)value;
  return complain(m, DISCARD, "steps are never pending");
}
