// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "dynamicpo/sample/draw_counts.hpp"
#include "dynamicpo/sample/log_uniform.hpp"
#include "dynamicpo/sample/mixed.hpp"
#include "dynamicpo/sample/place.hpp"
#include "dynamicpo/sample/popularity.hpp"
#include "dynamicpo/sample/uniform.hpp"

/// What exec::seq draws: compiled by the host compiler, which has its code for draws in lanes.
namespace device_test {

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;

using mixture = sample::mixed<sample::uniform, sample::popularity_view>;

struct draw_task {
  po::index rows = 0, slots = 0;
  bool replacement = false;
  sample::place at{};
  std::vector<std::int64_t> offsets{};
  std::vector<sample::item> positives{};
};

struct drawn {
  std::vector<sample::item> items;
  std::vector<double> log_q;
  std::vector<po::index> found;
  sample::draw_counts counts;
};

/// Defined for uniform, log_uniform, popularity_view and mixture.
template <class Sampler>
drawn host_draws(const Sampler& from, const draw_task& task);

}  // namespace device_test
