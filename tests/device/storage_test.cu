// SPDX-License-Identifier: MIT
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "device/device_test.cuh"
#include "dynamicpo/objective/dmpo.hpp"

// 16-bit storage is computed in float: what seq answers for the same numbers in float, rounded once.
namespace {

namespace po = dynamicpo;

template <class S>
void check(po::index negatives) {
  auto in = device_test::random_rows<float>(5, device_test::rows_at_hand(2000), negatives, false, 0);
  for (auto* list : {&in.chosen, &in.rejected, &in.frozen_chosen, &in.frozen_rejected}) {
    for (float& score : *list) { score = static_cast<float>(static_cast<S>(score)); }
  }
  const device_test::device_batch<S, float> batch(in);
  const auto result = po::loss_and_gradient(po::exec::cuda_stream{}, po::dynamic(po::objective::dmpo), batch.policy(),
                                            batch.reference(), batch.out())
                          .get();
  const auto expected = device_test::host_answer(device_test::objective::dmpo, true, in);
  DEVICE_CHECK(device_test::same_counts(result, expected.counts));
  DEVICE_CHECK(device_test::near(static_cast<float>(result.loss), static_cast<float>(expected.loss), 4));
  DEVICE_CHECK(device_test::near(batch.row_loss.values(), expected.row_loss));
  DEVICE_CHECK(device_test::same_boundary(batch.beta.values(), expected.beta));
  DEVICE_CHECK(device_test::near(batch.gradient_chosen.values(), expected.chosen, 1));
  DEVICE_CHECK(device_test::near(batch.gradient_rejected.values(), expected.rejected, 1));
}

}  // namespace

int main() {
  return device_test::run([] {
    for (const po::index k : {1, 7, 15, 64, 300}) {
      check<__half>(k);
      check<__nv_bfloat16>(k);
    }
  });
}
