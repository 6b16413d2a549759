// SPDX-License-Identifier: MIT
// An objective of one's own: the hardest margin alone, under an exponential link. Two small structs; selection, beta,
// gradients and execution policies come from the library.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"

namespace po = dynamicpo;

// z = the least margin; dz/dm is 1 there and 0 elsewhere.
struct hardest {
  static constexpr po::index max_negatives = po::aggregate::unlimited;

  template <class T>
  T reduce(std::span<T> margins) const {
    const auto least = std::min_element(margins.begin(), margins.end());
    const T z = *least;
    for (auto margin = margins.begin(); margin != margins.end(); ++margin) { *margin = margin == least ? T(1) : T(0); }
    return z;
  }
};

// exp(-z), as boosting has it.
struct exponential {
  template <class T>
  T value(const T& z) const { return std::exp(-z); }
  template <class T>
  T derivative(const T& z) const { return -std::exp(-z); }
};

int main() {
  const po::objective::composed boosted{po::margin::log_ratio{}, hardest{}, exponential{}};
  const auto pipeline = po::vanilla(boosted, 0.5);

  const std::vector<double> ref_chosen{-3.0}, ref_rejected{-2.5, -4.0, -6.0};
  std::vector<double> chosen{-2.0}, rejected{-2.25, -3.0, -7.0}, g_chosen(1), g_rejected(3);
  const auto loss = [&] {
    return po::loss(po::exec::seq, pipeline, po::view(chosen, rejected), po::view(ref_chosen, ref_rejected)).loss;
  };
  po::loss_and_gradient(po::exec::seq, pipeline, po::view(chosen, rejected), po::view(ref_chosen, ref_rejected),
                        {.gradient = po::view(g_chosen, g_rejected)});

  bool holds = g_chosen[0] < 0;
  std::printf("loss %.6f\n           chain rule  finite difference\n", loss());
  for (std::size_t k = 0; k < rejected.size(); ++k) {
    const double at = rejected[k], step = 1e-6;
    rejected[k] = at + step;
    const double above = loss();
    rejected[k] = at - step;
    const double difference = (above - loss()) / (2 * step);
    rejected[k] = at;
    std::printf("rejected %zu  %9.6f  %9.6f\n", k, g_rejected[k], difference);
    holds = holds && std::abs(g_rejected[k] - difference) <= 1e-8;
  }
  return holds ? 0 : 1;
}
