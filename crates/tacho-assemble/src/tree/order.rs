//! The order in which the tree is walked.

use super::{NodeIndex, Tree};

impl Tree<'_> {
    /// Every node below a turn, children before parents.
    pub(crate) fn leaves_first(&self) -> Vec<NodeIndex> {
        let mut order = self.roots_first();
        order.reverse();
        order
    }

    /// Every node below a turn, parents before children, siblings by start.
    pub(crate) fn roots_first(&self) -> Vec<NodeIndex> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut open: Vec<NodeIndex> = self.turns.iter().rev().copied().collect();
        while let Some(index) = open.pop() {
            order.push(index);
            let Some(node) = self.nodes.get(index) else { continue };
            let mut children = node.children.clone();
            children.sort_by_key(|child| self.nodes.get(*child).and_then(|node| node.start));
            open.extend(children.into_iter().rev());
        }
        order
    }
}
