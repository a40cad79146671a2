//! Finds named tensors in an ONNX file.
//!
//! Only the protobuf fields on the way to a weight are declared; prost skips the others. The numbers are the tags of
//! `onnx.proto`, which its authors promise never to change.

use prost::Message;
use prost::bytes::Bytes;

use super::weights::WeightsError;

/// The file: one graph.
#[derive(Clone, PartialEq, Message)]
pub(super) struct OnnxModel {
    #[prost(message, optional, tag = "7")]
    graph: Option<Graph>,
}

/// A graph, either the file's own or a branch of an `If` node.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Graph {
    #[prost(message, repeated, tag = "1")]
    node: Vec<Node>,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<Tensor>,
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "5")]
    t: Option<Tensor>,
    #[prost(message, optional, tag = "6")]
    g: Option<Graph>,
}

#[derive(Clone, PartialEq, Message)]
struct Tensor {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(string, tag = "8")]
    name: String,
    /// Little-endian values; shares the memory of the decoded buffer.
    #[prost(bytes = "bytes", tag = "9")]
    raw_data: Bytes,
}

/// A tensor's values as they lie in the file: nothing is copied until it is packed.
#[derive(Clone, Copy)]
pub(super) struct Values<'a>(&'a [[u8; 4]]);

impl Values<'_> {
    pub(super) fn len(self) -> usize {
        self.0.len()
    }

    pub(super) fn at(self, index: usize) -> f32 {
        f32::from_le_bytes(self.0[index])
    }

    pub(super) fn to_vec(self) -> Vec<f32> {
        self.0.iter().map(|&word| f32::from_le_bytes(word)).collect()
    }
}

impl OnnxModel {
    /// Decodes a file; tensor data is not copied but points into `file`.
    pub(super) fn parse(file: Bytes) -> Result<Self, WeightsError> {
        Ok(Self::decode(file)?)
    }

    /// The branch called `name` of the first top-level `If` node.
    pub(super) fn branch(&self, name: &'static str) -> Result<&Graph, WeightsError> {
        self.graph
            .iter()
            .flat_map(|graph| &graph.node)
            .flat_map(|node| &node.attribute)
            .find_map(|attribute| attribute.g.as_ref().filter(|_| attribute.name == name))
            .ok_or(WeightsError::MissingBranch { name })
    }
}

impl Graph {
    /// The values of tensor `name` in row-major order, if its shape is `shape`.
    pub(super) fn tensor(&self, name: &'static str, shape: &'static [usize]) -> Result<Values<'_>, WeightsError> {
        let tensor = self.find(name).ok_or(WeightsError::MissingTensor { name, shape })?;
        let shape_fits = tensor.dims.len() == shape.len()
            && tensor.dims.iter().zip(shape).all(|(&dim, &expected)| usize::try_from(dim) == Ok(expected));
        if !shape_fits {
            return Err(WeightsError::Shape { name, expected: shape, found: tensor.dims.clone() });
        }
        let (words, rest) = tensor.raw_data.as_chunks();
        let expected = shape.iter().product();
        if words.len() != expected || !rest.is_empty() {
            return Err(WeightsError::Length { name, expected, found: words.len() });
        }
        Ok(Values(words))
    }

    /// Exporters keep a weight either as an initializer or as the value of a `Constant` node.
    fn find(&self, name: &str) -> Option<&Tensor> {
        let constants = self.node.iter().flat_map(|node| &node.attribute).filter_map(|attribute| attribute.t.as_ref());
        self.initializer.iter().chain(constants).find(|tensor| tensor.name == name)
    }
}
