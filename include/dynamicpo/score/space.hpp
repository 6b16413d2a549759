// SPDX-License-Identifier: MIT
#pragma once

/// Where the memory behind a view lives. Part of the view's type, so that a host policy on device memory does not compile.
namespace dynamicpo::inline v1::space {

struct host {};
struct device {};

}  // namespace dynamicpo::inline v1::space
