/* Co-simulation of FMI 3.0, written from its specification. */
#include <stdbool.h>
#include <stdint.h>

typedef struct instance *component;
typedef void (*log3)(void *, enum status, const char *, const char *);

static void log3_(struct instance *m, enum status status, const char *category, const char *text)
{
  if (m->log_of_caller)
    ((log3)m->log_of_caller)(m->environment, status, category, text);
}

EXPORT const char *fmi3GetVersion(void) { return "3.0"; }

EXPORT enum status fmi3SetDebugLogging(component m, bool on, size_t n, const char *const categories[])
{
  (void)m, (void)on, (void)n, (void)categories; /* only faults are logged, and those always */
  return OK;
}

static component refused(void *environment, log3 log, const char *why)
{
  if (log)
    log(environment, ERROR, "logStatusError", why);
  return NULL;
}

EXPORT component fmi3InstantiateModelExchange(const char *name, const char *token, const char *resources, bool visible, bool logging,
                                              void *environment, log3 log)
{
  (void)name, (void)token, (void)resources, (void)visible, (void)logging;
  return refused(environment, log, "this FMU has no model exchange");
}

EXPORT component fmi3InstantiateScheduledExecution(const char *name, const char *token, const char *resources, bool visible, bool logging,
                                                   void *environment, log3 log, void (*update)(void *), void (*lock)(void),
                                                   void (*unlock)(void))
{
  (void)name, (void)token, (void)resources, (void)visible, (void)logging, (void)update, (void)lock, (void)unlock;
  return refused(environment, log, "this FMU has no scheduled execution");
}

EXPORT component fmi3InstantiateCoSimulation(const char *name, const char *token, const char *resources, bool visible, bool logging,
                                             bool events, bool early, const unsigned required[], size_t n, void *environment, log3 log,
                                             void *intermediate)
{
  const char *fault;
  (void)resources, (void)visible, (void)logging, (void)early, (void)required, (void)intermediate;
  if (events)
    return refused(environment, log, "this FMU has no event mode");
  if (n)
    return refused(environment, log, "this FMU has no intermediate variables");
  struct instance *m = new_instance(name, token, &fault);
  if (!m)
    return refused(environment, log, fault);
  m->log_of_caller = (void (*)(void))log;
  m->environment = environment;
  m->log = log3_;
  return m;
}

EXPORT void fmi3FreeInstance(component m) { free_instance(m); }

EXPORT enum status fmi3EnterInitializationMode(component m, bool has_tolerance, double tolerance, double t, bool has_stop, double stop)
{
  (void)has_tolerance, (void)tolerance;
  const enum status s = begin(m, __func__, t, has_stop, stop);
  return s ? s : change_mode(m, __func__, INSTANTIATED, INITIALISING);
}

EXPORT enum status fmi3ExitInitializationMode(component m) { return change_mode(m, __func__, INITIALISING, STEPPING); }
EXPORT enum status fmi3Terminate(component m) { return change_mode(m, __func__, STEPPING, TERMINATED); }
EXPORT enum status fmi3Reset(component m) { return start_values(m); }

static enum status count(component m, size_t n_vr, size_t n)
{
  return n_vr == n ? OK : complain(m, ERROR, "%zu value references and %zu values: there are no arrays", n_vr, n);
}

EXPORT enum status fmi3GetFloat64(component m, const unsigned vr[], size_t n_vr, double value[], size_t n)
{
  enum status s = count(m, n_vr, n);
  return s ? s : get_values(m, vr, n, value);
}

EXPORT enum status fmi3SetFloat64(component m, const unsigned vr[], size_t n_vr, const double value[], size_t n)
{
  enum status s = count(m, n_vr, n);
  return s ? s : set_values(m, vr, n, value);
}

#define ABSENT3(Name, type) \
  EXPORT enum status fmi3Get##Name(component m, const unsigned vr[], size_t n, type value[], size_t k) { (void)vr, (void)value, (void)k; return absent(m, n, #Name); } \
  EXPORT enum status fmi3Set##Name(component m, const unsigned vr[], size_t n, const type value[], size_t k) { (void)vr, (void)value, (void)k; return absent(m, n, #Name); }
ABSENT3(Float32, float)
ABSENT3(Int8, int8_t)
ABSENT3(UInt8, uint8_t)
ABSENT3(Int16, int16_t)
ABSENT3(UInt16, uint16_t)
ABSENT3(Int32, int32_t)
ABSENT3(UInt32, uint32_t)
ABSENT3(Int64, int64_t)
ABSENT3(UInt64, uint64_t)
ABSENT3(Boolean, bool)
typedef const char *string3;
ABSENT3(String, string3)

EXPORT enum status fmi3GetBinary(component m, const unsigned vr[], size_t n, size_t size[], const uint8_t *value[], size_t k)
{
  (void)vr, (void)size, (void)value, (void)k;
  return absent(m, n, "Binary");
}

EXPORT enum status fmi3SetBinary(component m, const unsigned vr[], size_t n, const size_t size[], const uint8_t *const value[], size_t k)
{
  (void)vr, (void)size, (void)value, (void)k;
  return absent(m, n, "Binary");
}

EXPORT enum status fmi3GetClock(component m, const unsigned vr[], size_t n, bool value[]) { (void)vr, (void)value; return absent(m, n, "Clock"); }
EXPORT enum status fmi3SetClock(component m, const unsigned vr[], size_t n, const bool value[]) { (void)vr, (void)value; return absent(m, n, "Clock"); }

/* What co-simulation without events, clocks and derivatives does not have, and model exchange; importers look for all of it. */
#define NOT_HERE(name, ...) \
  EXPORT enum status name(component m, __VA_ARGS__) { return complain(m, ERROR, #name " is not supported by this FMU"); }
NOT_HERE(fmi3GetNumberOfVariableDependencies, unsigned vr, size_t *n)
NOT_HERE(fmi3GetVariableDependencies, unsigned vr, size_t of[], unsigned on[], size_t index[], int kinds[], size_t n)
NOT_HERE(fmi3GetDirectionalDerivative, const unsigned of[], size_t n, const unsigned to[], size_t k, const double seed[], size_t n_seed,
         double value[], size_t n_value)
NOT_HERE(fmi3GetAdjointDerivative, const unsigned of[], size_t n, const unsigned to[], size_t k, const double seed[], size_t n_seed,
         double value[], size_t n_value)
NOT_HERE(fmi3GetIntervalDecimal, const unsigned vr[], size_t n, double interval[], int qualifier[])
NOT_HERE(fmi3GetIntervalFraction, const unsigned vr[], size_t n, uint64_t counter[], uint64_t resolution[], int qualifier[])
NOT_HERE(fmi3GetShiftDecimal, const unsigned vr[], size_t n, double shift[])
NOT_HERE(fmi3GetShiftFraction, const unsigned vr[], size_t n, uint64_t counter[], uint64_t resolution[])
NOT_HERE(fmi3SetIntervalDecimal, const unsigned vr[], size_t n, const double interval[])
NOT_HERE(fmi3SetIntervalFraction, const unsigned vr[], size_t n, const uint64_t counter[], const uint64_t resolution[])
NOT_HERE(fmi3SetShiftDecimal, const unsigned vr[], size_t n, const double shift[])
NOT_HERE(fmi3SetShiftFraction, const unsigned vr[], size_t n, const uint64_t counter[], const uint64_t resolution[])
NOT_HERE(fmi3UpdateDiscreteStates, bool *update, bool *end, bool *nominals, bool *values, bool *has_next, double *next)
NOT_HERE(fmi3GetOutputDerivatives, const unsigned vr[], size_t n, const int order[], double value[], size_t k)
NOT_HERE(fmi3CompletedIntegratorStep, bool no_return, bool *event, bool *end)
NOT_HERE(fmi3SetTime, double t)
NOT_HERE(fmi3SetContinuousStates, const double x[], size_t n)
NOT_HERE(fmi3GetContinuousStates, double x[], size_t n)
NOT_HERE(fmi3GetContinuousStateDerivatives, double rate[], size_t n)
NOT_HERE(fmi3GetNominalsOfContinuousStates, double nominal[], size_t n)
NOT_HERE(fmi3GetEventIndicators, double indicator[], size_t n)
NOT_HERE(fmi3GetNumberOfEventIndicators, size_t *n)
NOT_HERE(fmi3GetNumberOfContinuousStates, size_t *n)
NOT_HERE(fmi3ActivateModelPartition, unsigned clock, double t)
#define NOT_HERE_ALONE(name) \
  EXPORT enum status name(component m) { return complain(m, ERROR, #name " is not supported by this FMU"); }
NOT_HERE_ALONE(fmi3EnterEventMode)
NOT_HERE_ALONE(fmi3EnterStepMode)
NOT_HERE_ALONE(fmi3EnterConfigurationMode)
NOT_HERE_ALONE(fmi3ExitConfigurationMode)
NOT_HERE_ALONE(fmi3EvaluateDiscreteStates)
NOT_HERE_ALONE(fmi3EnterContinuousTimeMode)

EXPORT enum status fmi3GetFMUState(component m, void **snapshot) { return keep(m, snapshot); }
EXPORT enum status fmi3SetFMUState(component m, void *snapshot) { return restore(m, snapshot); }
EXPORT enum status fmi3FreeFMUState(component m, void **snapshot) { (void)m; return release(snapshot); }
EXPORT enum status fmi3SerializedFMUStateSize(component m, void *snapshot, size_t *size) { (void)m, (void)snapshot; return serialised_size(size); }

EXPORT enum status fmi3SerializeFMUState(component m, void *snapshot, uint8_t bytes[], size_t size)
{
  return serialise(m, snapshot, bytes, size);
}

EXPORT enum status fmi3DeserializeFMUState(component m, const uint8_t bytes[], size_t size, void **snapshot)
{
  return deserialise(m, bytes, size, snapshot);
}

EXPORT enum status fmi3DoStep(component m, double t, double h, bool no_return, bool *events, bool *end, bool *early, double *last)
{
  (void)no_return;
  *events = *end = *early = false;
  const enum status s = do_step(m, __func__, t, h);
  *last = m->now.values[AT_TIME];
  return s;
}
