// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/philox.hpp"

#include "device/device_test.cuh"

namespace po = dynamicpo;

namespace {

constexpr unsigned streams = 1000, draws = 40;

DYNAMICPO_HD std::uint32_t draw(unsigned stream, unsigned number) {
  po::sample::philox_engine engine{0x123456789abcdefull, (std::uint64_t{stream} << 32) ^ stream};
  std::uint32_t word = 0;
  for (unsigned i = 0; i <= number; ++i) { word = i % 3 == 2 ? engine.below(1000000007u) : engine(); }
  return word;
}

__global__ void draw_all(std::uint32_t* words) {
  words[blockIdx.x * draws + threadIdx.x] = draw(blockIdx.x, threadIdx.x);
}

}  // namespace

// The same draws on host and device.
int main() {
  return device_test::run([] {
    const device_test::device_array<std::uint32_t> words(streams * draws);
    po::detail::launch_kernel(nullptr, streams, draws, draw_all, words.span().data());
    const auto found = words.values();
    for (unsigned i = 0; i < streams * draws; ++i) { DEVICE_CHECK(found[i] == draw(i / draws, i % draws)); }
  });
}
