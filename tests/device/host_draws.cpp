// SPDX-License-Identifier: MIT
#include "device/host_draws.hpp"

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/sample/negatives.hpp"

namespace device_test {

template <class Sampler>
drawn host_draws(const Sampler& from, const draw_task& task) {
  drawn made;
  made.items.resize(static_cast<std::size_t>(task.rows * task.slots));
  made.log_q.resize(made.items.size());
  made.found.resize(static_cast<std::size_t>(task.rows));
  made.counts =
      sample::draw_negatives(po::exec::seq, from, task.rows, {task.offsets, task.positives}, task.at, task.replacement,
                             {.items = made.items, .log_q = made.log_q, .found = made.found});
  return made;
}

template drawn host_draws(const sample::uniform&, const draw_task&);
template drawn host_draws(const sample::log_uniform&, const draw_task&);
template drawn host_draws(const sample::popularity_view&, const draw_task&);
template drawn host_draws(const mixture&, const draw_task&);

}  // namespace device_test
