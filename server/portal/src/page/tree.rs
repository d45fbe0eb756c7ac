//! The shape of the tree. Pure: pages in, places out.

use std::collections::{HashMap, HashSet};

use portolan_store::portal::Page;

/// Folders before what is in them; `pages` come by parent and position.
pub(super) fn in_order(pages: Vec<Page>) -> Vec<Page> {
    let mut below: HashMap<Option<i64>, Vec<Page>> = HashMap::new();
    for page in pages {
        below.entry(page.parent).or_default().push(page);
    }
    let mut ordered = Vec::new();
    let mut waiting: Vec<Page> = below.remove(&None).unwrap_or_default().into_iter().rev().collect();
    while let Some(page) = waiting.pop() {
        waiting.extend(below.remove(&Some(page.id)).unwrap_or_default().into_iter().rev());
        ordered.push(page);
    }
    ordered
}

/// The page and all that is in it.
pub(super) fn within(pages: &[Page], page: i64) -> HashSet<i64> {
    let mut found = HashSet::from([page]);
    loop {
        let more: Vec<i64> = pages
            .iter()
            .filter(|page| page.parent.is_some_and(|parent| found.contains(&parent)))
            .map(|page| page.id)
            .filter(|id| !found.contains(id))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

/// How many folders a page is in.
pub(super) fn depth(pages: &[Page], page: Option<i64>) -> usize {
    let parent = |id: i64| pages.iter().find(|page| page.id == id).and_then(|page| page.parent);
    // No page is in more folders than there are pages.
    std::iter::successors(page, |id| parent(*id)).take(pages.len()).count()
}

/// How many levels a page has below it.
pub(super) fn height(pages: &[Page], page: i64) -> usize {
    let inside = within(pages, page);
    let own = depth(pages, Some(page));
    inside.iter().map(|id| depth(pages, Some(*id)) - own).max().unwrap_or(0)
}

/// The pages of a parent in their order, by id.
pub(super) fn children(pages: &[Page], parent: Option<i64>) -> Vec<i64> {
    let mut found: Vec<&Page> = pages.iter().filter(|page| page.parent == parent).collect();
    found.sort_by_key(|page| (page.position, page.id));
    found.into_iter().map(|page| page.id).collect()
}

/// What has to be written so that the pages of one parent stand in this order.
pub(super) fn moves(pages: &[Page], order: &[i64]) -> Vec<(i64, i32)> {
    let wanted = order.iter().zip(0_i32..).map(|(id, position)| (*id, position));
    let stands = |id: i64| pages.iter().find(|page| page.id == id).map(|page| page.position);
    wanted.filter(|(id, position)| stands(*id) != Some(*position)).collect()
}

#[cfg(test)]
mod tests {
    use portolan_schema::Instant;
    use portolan_store::portal::{PageKind, Stamps};

    use super::*;

    fn page(id: i64, parent: Option<i64>, position: i32) -> Page {
        Page {
            id,
            identifier: id.to_string(),
            kind: PageKind::Folder,
            parent,
            folder: None,
            position,
            title: String::new(),
            icon: None,
            description: None,
            locked: false,
            spec: serde_json::json!({}),
            revision: 1,
            stamps: Stamps {
                created_at: Instant(0),
                created_by: String::new(),
                updated_at: Instant(0),
                updated_by: String::new(),
            },
        }
    }

    /// 1 (2, 3 (4)), 5
    fn tree() -> Vec<Page> {
        vec![
            page(1, None, 0),
            page(5, None, 1),
            page(2, Some(1), 0),
            page(3, Some(1), 1),
            page(4, Some(3), 0),
        ]
    }

    #[test]
    fn folders_come_before_what_is_in_them() {
        let order: Vec<i64> = in_order(tree()).iter().map(|page| page.id).collect();
        assert_eq!(order, [1, 2, 3, 4, 5]);
    }

    #[test]
    fn the_tree_is_measured() {
        let tree = tree();
        for (page, depth_, height_, inside) in
            [(1, 1, 2, vec![1, 2, 3, 4]), (3, 2, 1, vec![3, 4]), (4, 3, 0, vec![4]), (5, 1, 0, vec![5])]
        {
            assert_eq!((depth(&tree, Some(page)), height(&tree, page)), (depth_, height_), "{page}");
            assert_eq!(within(&tree, page), inside.into_iter().collect(), "{page}");
        }
        assert_eq!(depth(&tree, None), 0);
        assert_eq!(children(&tree, None), [1, 5]);
        assert_eq!(moves(&tree, &[5, 1]), [(5, 0), (1, 1)]);
        assert_eq!(moves(&tree, &[1, 5]), []);
    }
}
