//! Lists of entities to write, of which some could not even be read.

use portolan_schema::{Code, Error, Pointer, Problem, Problems, Result};

use crate::change::{Change, EntityWrite, Outcome, WriteMode, WriteOptions};
use crate::{Catalog, OpContext};

impl Catalog {
    /// Needs Member. As [`Catalog::write`], with one result each item, also for those that could not be read. With
    /// `atomic`, one of those is enough for nothing to be written; the others are still checked.
    ///
    /// Problems have paths at `items/n`, where `options.path` says where the items are.
    ///
    /// # Errors
    /// As [`Catalog::write`].
    pub async fn write_all(
        &self,
        ctx: &OpContext,
        mode: WriteMode,
        items: Vec<Result<EntityWrite, Problems>>,
        options: &WriteOptions,
    ) -> Result<Vec<Result<Outcome>>> {
        let given_up = options.atomic && items.iter().any(Result::is_err);
        let at = |index: usize| options.path.as_ref().map_or_else(Pointer::root, |path| path.index(index));
        let (mut places, mut changes) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        let mut results: Vec<Option<Result<Outcome>>> = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            match item {
                Ok(write) => {
                    places.push(index);
                    changes.push(Change::Write(mode, Box::new(write)));
                    results.push(None);
                }
                Err(problems) => results.push(Some(Err(under(problems, &at(index)).into()))),
            }
        }
        let own = match given_up {
            // Nothing of it is shown.
            true => WriteOptions { dry_run: true, computed: false, reads: Vec::new(), ..options.clone() },
            false => options.clone(),
        };
        let own = WriteOptions { path: None, ..own };
        let mut written = self.write(ctx, changes, &own).await?;
        self.show_computed(ctx, &own, &mut written).await?;
        for (index, result) in places.into_iter().zip(written) {
            results[index] = Some(match result {
                Ok(_) if given_up => {
                    let message = "nothing was written, because another item of the batch failed";
                    Err(Problem::new(Code::Aborted, at(index), message).into())
                }
                Err(Error::Problems(problems)) => Err(under(problems, &at(index)).into()),
                other => other,
            });
        }
        let missing = || Err(Error::internal("an item has no result"));
        Ok(results.into_iter().map(|result| result.unwrap_or_else(missing)).collect())
    }
}

fn under(problems: Problems, path: &Pointer) -> Problems {
    Problems(problems.into_iter().map(|problem| problem.under(path)).collect())
}
