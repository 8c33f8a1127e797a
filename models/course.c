/* Many plants through declared steps, LANES of them at a time. Arrays are [component][lane]; matrices of the caller are [plant][component]. */
#define SWAP(a, b) do { double *swap = a; a = b; b = swap; } while (0)

/* Number of doubles that course() needs to work. */
long course_work(void)
{
  return LANES * (NU + ND + NX + 1 + SETTING + OPERATOR + LOAD + OPERATOR + 2 * INSIDE + NF + WORK);
}

/* Plants first to last - 1 of a batch.
   h[s]: length of step s; leg[s]: its leg; u[leg], d[leg]: actuators and disturbances held over a leg, equal pointers for equal actuators;
   x: states at the start; sample[s]: row of states[] that takes the state after step s, negative for none; fluxes[s]: step means. */
void course(long first, long last, long batch, long steps, const double *h, const long *leg, const double *const *u,
            const double *const *d, const double *x, const long *sample, double *states, double *fluxes, double *work)
{
  double *U = work, *D = U + LANES * NU, *X = D + LANES * ND, *H = X + LANES * NX, *S = H + LANES, *O = S + LANES * SETTING,
         *O2 = O + LANES * OPERATOR, *W = O2 + LANES * OPERATOR, *now = W + LANES * LOAD, *after = now + LANES * INSIDE, *F = after + LANES * INSIDE, *rest = F + LANES * NF;
  for (long b = first; b < last; b += LANES) {
    /* The last lanes of the last block repeat its last plant. */
    long plant[LANES], used = last - b < LANES ? last - b : LANES;
    for (int l = 0; l < LANES; l++)
      plant[l] = l < used ? b + l : last - 1;
    gather(NX, x, plant, X);
    for (long s = 0; s < steps; s++) {
      int new_leg = s == 0 || leg[s] != leg[s - 1], new_setting = s == 0 || u[leg[s]] != u[leg[s - 1]];
      if (new_setting) {
        gather(NU, u[leg[s]], plant, U);
        setting(U, S, rest);
      }
      if (new_leg) {
        gather(ND, d[leg[s]], plant, D);
        load(S, U, D, W, rest);
        enter(X, S, W, now, rest);
      }
      if (!new_setting && h[s] == 2.0 * h[s - 1]) {
        doubled(S, O, O2, rest);
        SWAP(O, O2);
      } else if (new_setting || h[s] != h[s - 1]) {
        EACH_LANE H[l] = h[s];
        operator(S, H, O, rest);
      }
      advance(now, S, O, W, after, F, rest);
      SWAP(now, after);
      scatter(NF, used, F, plant, fluxes + s * batch * NF);
      if (sample[s] >= 0 || s + 1 == steps || leg[s + 1] != leg[s])
        leave(now, S, W, X, rest);
      if (sample[s] >= 0)
        scatter(NX, used, X, plant, states + sample[s] * batch * NX);
    }
  }
}
