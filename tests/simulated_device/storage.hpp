// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>

/// 16-bit storage: the upper half of a float, rounded to the nearest, ties to even.
namespace simulated_device {

class upper_half {
 public:
  upper_half() = default;
  upper_half(float x) {  // NOLINT(google-explicit-constructor): as CUDA's
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const bool unordered = !(x == x);
    bits_ = static_cast<std::uint16_t>(unordered ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
  operator float() const {  // NOLINT(google-explicit-constructor)
    return std::bit_cast<float>(std::uint32_t{bits_} << 16);
  }

 private:
  std::uint16_t bits_ = 0;
};

}  // namespace simulated_device
