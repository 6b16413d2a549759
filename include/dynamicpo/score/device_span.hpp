// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <type_traits>

#include "dynamicpo/score/access.hpp"
#include "dynamicpo/score/scores.hpp"

namespace dynamicpo::inline v1 {

/// `size` contiguous elements in device memory, by raw pointer. `view` takes it where it takes a range.
template <class T>
struct device_span {
  using value_type = std::remove_const_t<T>;
  T* pointer = nullptr;
  index count = 0;

  constexpr T* data() const noexcept { return pointer; }
  constexpr index size() const noexcept { return count; }
  constexpr bool empty() const noexcept { return count == 0; }
};

template <class T>
device_span(T*, index) -> device_span<T>;

template <class T>
struct score_access<device_span<T>> {
  static constexpr bool owns_nothing = true;
  using space_type = space::device;

  static constexpr strided_span<T> vector(const device_span<T>& x) { return {x.pointer, x.count, 1}; }
};

/// Ragged view over device memory. What the host cannot read goes unchecked: `offsets` has B + 1 entries, is monotone
/// and ends within `rejected`, and no row is longer than `longest_row`. Policy, reference and gradient of one call
/// share one array of offsets.
template <class T, class U>
constexpr auto view(device_span<T> chosen, device_span<U> rejected, device_span<const std::int64_t> offsets,
                    index longest_row) {
  static_assert(detail::viewable_as<T, U>, "dynamicpo::view: chosen and rejected hold different number types");
  if (offsets.count != chosen.count + 1) {
    detail::throw_invalid("view", "offsets is [" + std::to_string(offsets.count) +
                                      "], expected one more than chosen [" + std::to_string(chosen.count) + "]");
  }
  using element = detail::common_element<T, U>;
  return scores<element, space::device>{strided_span<element>{chosen.pointer, chosen.count, 1},
                                        strided_span<element>{rejected.pointer, rejected.count, 1}, offsets.pointer,
                                        longest_row};
}

}  // namespace dynamicpo::inline v1
