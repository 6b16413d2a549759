// SPDX-License-Identifier: MIT
#include "device/host_selections.hpp"

#include "dynamicpo/dynamicpo.hpp"

namespace device_test {

template <class T, class Select>
selections<T> host_selections(const Select& select, const rows<T>& in, const std::vector<std::uint8_t>& mask) {
  selections<T> found;
  found.offsets.resize(in.chosen.size() + 1);
  found.slots.resize(in.rejected.size());
  found.rule.resize(in.chosen.size());
  found.mean_rest.resize(in.chosen.size());
  auto policy = in.dense() ? po::view(in.chosen, in.rejected) : po::view(in.chosen, in.rejected, in.offsets);
  if (!mask.empty()) { policy = policy.with_mask(mask); }
  const auto result = po::select_negatives(po::exec::seq, select, policy,
                                           {.offsets = found.offsets,
                                            .slots = found.slots,
                                            .rule = found.rule,
                                            .mean_rest = found.mean_rest,
                                            .nonfinite = po::nonfinite::skip});
  found.counts = result;
  found.selected = result.selected;
  found.slots.resize(static_cast<std::size_t>(found.selected));
  return found;
}

#define DYNAMICPO_HOST_SELECTIONS(T)                                                                                \
  template selections<T> host_selections(const po::select::all&, const rows<T>&, const std::vector<std::uint8_t>&); \
  template selections<T> host_selections(const po::select::violators&, const rows<T>&,                              \
                                         const std::vector<std::uint8_t>&);                                         \
  template selections<T> host_selections(const po::select::threshold&, const rows<T>&,                              \
                                         const std::vector<std::uint8_t>&);                                         \
  template selections<T> host_selections(const po::select::boundary&, const rows<T>&,                               \
                                         const std::vector<std::uint8_t>&);                                         \
  template selections<T> host_selections(const po::select::top_k&, const rows<T>&, const std::vector<std::uint8_t>&)

DYNAMICPO_HOST_SELECTIONS(float);
DYNAMICPO_HOST_SELECTIONS(double);

}  // namespace device_test
