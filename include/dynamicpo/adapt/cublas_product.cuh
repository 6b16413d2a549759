// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include <cublas_v2.h>

#include "dynamicpo/exec/cuda_error.hpp"
#include "dynamicpo/lm/matrix_product.hpp"

namespace dynamicpo::inline v1::adapt {

/// lm::matrix_product on a device by cuBLAS, for float and double: enqueued on `stream`, to which it sets the handle.
/// The handle is the caller's, with its workspace and math mode. \throws cuda_error with cuBLAS's code and text.
class cublas_product {
 public:
  cublas_product(cublasHandle_t handle, cudaStream_t stream) : handle_{handle} {
    check("cublasSetStream", cublasSetStream(handle, stream));
  }

  template <class T>
  void operator()(index rows, index columns, index inner, const lm::operand<T>& a, const lm::operand<T>& b, T* c,
                  index c_stride, bool accumulate) const {
    // cuBLAS's matrices are column-major: a row-major one is its transpose there, and c^T = b^T a^T.
    const auto given = [](const lm::operand<T>& x) { return x.transposed ? CUBLAS_OP_T : CUBLAS_OP_N; };
    const auto size = [](index n) { return static_cast<int>(n); };
    const T one(1), before(accumulate ? 1 : 0);
    const auto call = [&](const char* name, auto gemm) {
      check(name, gemm(handle_, given(b), given(a), size(columns), size(rows), size(inner), &one, b.data,
                       size(b.stride), a.data, size(a.stride), &before, c, size(c_stride)));
    };
    if constexpr (std::is_same_v<T, float>) {
      call("cublasSgemm", [](auto... arguments) { return cublasSgemm(arguments...); });
    } else {
      static_assert(std::is_same_v<T, double>, "dynamicpo: cublas_product is of float or double");
      call("cublasDgemm", [](auto... arguments) { return cublasDgemm(arguments...); });
    }
  }

 private:
  static void check(const char* call, cublasStatus_t status) {
    if (status != CUBLAS_STATUS_SUCCESS) {
      throw cuda_error(call, static_cast<int>(status), cublasGetStatusString(status));
    }
  }

  cublasHandle_t handle_;
};

}  // namespace dynamicpo::inline v1::adapt
