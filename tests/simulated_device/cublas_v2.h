// SPDX-License-Identifier: MIT
#pragma once

#include "cuda_runtime.h"

/// As much of cuBLAS as adapt/cublas_product.cuh uses, from its definition.

// NOLINTBEGIN: the names are cuBLAS's.

enum cublasStatus_t : int { CUBLAS_STATUS_SUCCESS = 0, CUBLAS_STATUS_INVALID_VALUE = 7 };
enum cublasOperation_t { CUBLAS_OP_N, CUBLAS_OP_T };

struct cublasContext {
  cudaStream_t stream = nullptr;
};
using cublasHandle_t = cublasContext*;

inline cublasStatus_t cublasCreate(cublasHandle_t* made) {
  *made = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
inline cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
inline const char* cublasGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "an unsupported value was passed to the function";
}

namespace simulated_device {

/// c = alpha op(a) op(b) + beta c; column-major, op(a) [m, k], op(b) [k, n].
template <class T>
cublasStatus_t multiply(cublasHandle_t handle, cublasOperation_t of_a, cublasOperation_t of_b, int m, int n, int k,
                        const T* alpha, const T* a, int lda, const T* b, int ldb, const T* beta, T* c, int ldc) {
  if (m < 0 || n < 0 || k < 0 || lda < (of_a == CUBLAS_OP_N ? m : k) || ldb < (of_b == CUBLAS_OP_N ? k : n) ||
      ldc < m || ldc < 1) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  in_order_of(handle->stream, [=, factor = *alpha, kept = *beta] {
    const auto at = [](const T* x, cublasOperation_t of, int stride, int row, int column) {
      const auto i = static_cast<std::size_t>(of == CUBLAS_OP_N ? row : column);
      const auto j = static_cast<std::size_t>(of == CUBLAS_OP_N ? column : row);
      return x[i + j * static_cast<std::size_t>(stride)];
    };
    for (int column = 0; column < n; ++column) {
      for (int row = 0; row < m; ++row) {
        T sum(0);
        for (int i = 0; i < k; ++i) { sum += at(a, of_a, lda, row, i) * at(b, of_b, ldb, i, column); }
        T& to = c[static_cast<std::size_t>(row) + static_cast<std::size_t>(column) * static_cast<std::size_t>(ldc)];
        to = factor * sum + (kept == T(0) ? T(0) : kept * to);
      }
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace simulated_device

template <class... Arguments>
cublasStatus_t cublasSgemm(Arguments... arguments) {
  return simulated_device::multiply<float>(arguments...);
}
template <class... Arguments>
cublasStatus_t cublasDgemm(Arguments... arguments) {
  return simulated_device::multiply<double>(arguments...);
}

// NOLINTEND
