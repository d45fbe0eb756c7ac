//! The ingestor for Amazon Web Services: accounts, regions, S3 buckets, EC2 and RDS instances, Lambda functions, DynamoDB
//! tables, SQS queues, SNS topics, ECS, EKS and IAM roles; and whatever else the Cloud Control API reads.
//!
//! Every request, also those of AWS's own SDK, goes through the context's guarded HTTP client and one policy of trying
//! again. The only exception is the server's own identity, where the operator grants it: its credentials come from AWS's
//! default chain. What each kind yields is described in `docs/ingestors/aws.md`.

mod accounts;
mod credentials;
mod descriptor;
mod fault;
mod fields;
mod ingestor;
mod item;
mod kinds;
mod policy;
mod sdk;
mod session;
mod settings;
mod signed;
pub mod testing;
mod xml;

pub use ingestor::Aws;
