// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <concepts>
#include <type_traits>

#include "toy_llm/panel_product.hpp"

namespace toy_llm {

/// exp of numbers in [-87, 0]; of lower ones exp(-87) or less; NaN stays. In float faster than Eigen's, which also cares
/// for the rest of the range.
template <class Packet>
Packet exp_not_positive(const Packet& x) {
  using namespace Eigen::internal;
  if constexpr (!std::is_same_v<typename unpacket_traits<Packet>::type, float>) {
    return pexp(x);
  } else {
    const auto constant = [](float value) { return pset1<Packet>(value); };
    // Added, it leaves the nearest integer in the lowest bits, there as a biased exponent.
    const Packet rounder = constant(0x1.8p23f + 127);
    const Packet bounded = pmax(x, constant(-87));
    const Packet rounded = pmadd(bounded, constant(0x1.715476p0f), rounder);
    const Packet power = psub(rounded, rounder);
    // ln 2 in two parts; the first times any power is exact.
    const Packet rest = pmadd(power, constant(-0x1.0bfbe8p-15f), pmadd(power, constant(-0x1.62ep-1f), bounded));
    Packet terms = constant(0.00138824864f);
    for (const float term : {0.00836652238f, 0.0416672006f, 0.166665435f, 0.49999997f, 1.0f, 1.0f})
      terms = pmadd(terms, rest, constant(term));
    using integers = typename unpacket_traits<Packet>::integer_packet;
    return pmul(terms, preinterpret<Packet>(plogical_shift_left<23>(preinterpret<integers>(rounded))));
  }
}

template <std::floating_point Scalar>
struct softmax_terms {
  Scalar largest, sum;
};

/// Replaces `count` aligned logits x, a multiple of packet_size, by exp(x - largest), and sums.
template <std::floating_point Scalar>
softmax_terms<Scalar> exponentiate(Scalar* logits, Eigen::Index count) {
  using namespace Eigen::internal;
  using packet = typename packet_traits<Scalar>::type;
  packet most = pload<packet>(logits);
  for (Eigen::Index i = packet_size<Scalar>; i < count; i += packet_size<Scalar>)
    most = pmax(most, pload<packet>(logits + i));
  const Scalar largest = predux_max(most);
  const packet shift = pset1<packet>(largest);
  packet sum = pset1<packet>(Scalar{0});
  for (Eigen::Index i = 0; i < count; i += packet_size<Scalar>) {
    const packet term = exp_not_positive(psub(pload<packet>(logits + i), shift));
    pstore(logits + i, term);
    sum = padd(sum, term);
  }
  return {largest, predux(sum)};
}

}  // namespace toy_llm
