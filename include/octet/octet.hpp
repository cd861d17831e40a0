/// octet: 8-bit integer GEMM, convolution and requantization for CPU inference.
///
/// Exact and the same bytes on every CPU, with any number of threads. No exceptions, no hidden
/// threads, no hidden memory: `create` validates and packs, `run` is const and allocates nothing.
#pragma once

#include "octet/convolution.hpp"
#include "octet/convolution3d.hpp"
#include "octet/epilogue.hpp"
#include "octet/executor.hpp"
#include "octet/explain.hpp"
#include "octet/gemm.hpp"
#include "octet/isa.hpp"
#include "octet/pooling.hpp"
#include "octet/quantize.hpp"
#include "octet/status.hpp"
#include "octet/transposed_convolution.hpp"
#include "octet/types.hpp"
#include "octet/workspace.hpp"
