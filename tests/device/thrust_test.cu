// SPDX-License-Identifier: MIT
#include <type_traits>

#include <thrust/device_vector.h>

#include "device/device_test.cuh"
#include "dynamicpo/adapt/thrust.hpp"
#include "dynamicpo/exec/thrust.cuh"
#include "dynamicpo/objective/dmpo.hpp"

namespace po = dynamicpo;

// Thrust's vectors and its CUDA policy; one translation unit, since Thrust takes long to compile.
int main() {
  return device_test::run([] {
    const auto in = device_test::random_rows<float>(2, 1000, 7, false, 0);
    const thrust::device_vector<float> chosen = in.chosen, rejected = in.rejected, frozen_chosen = in.frozen_chosen,
                                       frozen_rejected = in.frozen_rejected;
    thrust::device_vector<float> gradient_chosen(chosen.size()), gradient_rejected(rejected.size());
    const auto policy = po::view(chosen, rejected);
    static_assert(std::is_same_v<decltype(policy), const po::scores<const float, po::space::device>>);
    cudaStream_t stream = nullptr;
    po::detail::check_cuda("cudaStreamCreate", cudaStreamCreate(&stream));
    const auto exec = po::exec::thrust(thrust::cuda::par.on(stream));
    DEVICE_CHECK(exec.stream == stream);
    const auto result = po::loss_and_gradient(exec, po::vanilla(po::objective::dmpo), policy,
                                              po::view(frozen_chosen, frozen_rejected),
                                              {.gradient = po::view(gradient_chosen, gradient_rejected)})
                            .get();
    const auto expected = device_test::host_answer(device_test::objective::dmpo, false, in);
    DEVICE_CHECK(device_test::near(static_cast<float>(result.loss), static_cast<float>(expected.loss), 4));
    std::vector<float> found(rejected.size());
    thrust::copy(gradient_rejected.begin(), gradient_rejected.end(), found.begin());
    DEVICE_CHECK(device_test::near(found, expected.rejected));
    cudaStreamDestroy(stream);
  });
}
