// SPDX-License-Identifier: MIT
// Select first, then score: the reference model sees the chosen and the boundary only, and only they need a backward
// pass. Loss and gradient are those of scoring everything, bit for bit.
#include <cstdio>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

constexpr std::size_t users = 256, negatives = 15;

// Stands for a forward pass of a model: `model` 0 is the policy, 1 the reference; item 0 is the chosen.
float log_prob(std::uint64_t model, std::size_t user, std::size_t item) {
  po::sample::philox_engine engine{model, user * 100 + item};
  return static_cast<float>((item == 0 ? -1.0 : -3.0) - 20.0 * engine.uniform());
}

int main() {
  std::vector<float> chosen(users), rejected(users * negatives), ref_chosen(users), ref_rejected(users * negatives);
  for (std::size_t u = 0; u < users; ++u) {
    chosen[u] = log_prob(0, u, 0);
    ref_chosen[u] = log_prob(1, u, 0);
    for (std::size_t k = 0; k < negatives; ++k) {
      rejected[u * negatives + k] = log_prob(0, u, k + 1);
      ref_rejected[u * negatives + k] = log_prob(1, u, k + 1);
    }
  }
  const auto pipeline = po::dynamic(po::objective::dmpo);
  const auto policy = po::view(chosen, rejected);
  std::vector<float> g_chosen(users), g_rejected(users * negatives);
  const double everything = po::loss_and_gradient(po::exec::seq, pipeline, policy, po::view(ref_chosen, ref_rejected),
                                                  {.gradient = po::view(g_chosen, g_rejected)}).loss;

  std::vector<std::int64_t> offsets(users + 1);
  std::vector<std::int32_t> slots(users * negatives);
  const auto found = po::select_negatives(po::exec::seq, pipeline.select, policy, {.offsets = offsets, .slots = slots});
  std::vector<float> lean_reference(users * negatives, 0.0f);  // outside the boundary: any finite number
  for (std::size_t u = 0; u < users; ++u) {
    for (auto j = static_cast<std::size_t>(offsets[u]); j < static_cast<std::size_t>(offsets[u + 1]); ++j) {
      const auto k = static_cast<std::size_t>(slots[j]);
      lean_reference[u * negatives + k] = log_prob(1, u, k + 1);
    }
  }
  std::vector<float> lean_g_chosen(users), lean_g_rejected(users * negatives);
  const double lean = po::loss_and_gradient(po::exec::seq, pipeline, policy, po::view(ref_chosen, lean_reference),
                                            {.gradient = po::view(lean_g_chosen, lean_g_rejected)}).loss;

  const std::size_t all = users * (1 + negatives), few = users + static_cast<std::size_t>(found.selected);
  std::printf("reference scores and backward passes: %zu of %zu\nloss %.6f either way\n", few, all, lean);
  // In units of a forward pass: policy forward, backward (2), reference.
  std::printf("work: %.2f of scoring everything\n", static_cast<double>(all + few * 3) / static_cast<double>(all * 4));
  return lean == everything && lean_g_chosen == g_chosen && lean_g_rejected == g_rejected && 2 * few < all ? 0 : 1;
}
